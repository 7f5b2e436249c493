/** A rule, and the change that breaks it. */
export interface BrokenRule {
  readonly rule: string;
  readonly file: string;
  readonly text: string;
  readonly replacement: string;
  readonly spec?: string;
}

export declare const BROKEN_RULES: readonly BrokenRule[];

export interface Cell {
  readonly title: string;
}

export declare const CELLS: readonly Cell[];

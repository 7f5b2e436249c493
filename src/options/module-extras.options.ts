import type { ModuleMetadata } from '@nestjs/common';
import * as v from 'valibot';
import { endpointOptions, type NudgeEndpointOptions } from './endpoint.options.js';
import { falseOr, flag, optionsOf, type Declarations } from './option-rules.js';

/**
 * What must be known before any factory runs, and so stands beside `useFactory`, not in what it returns.
 *
 * @publicApi
 */
export interface NudgeAuthExtras {
  /** `true` lets every module inject the service without importing this one. Default `false`. */
  isGlobal?: boolean;
  /** Modules whose providers the options, guards and functions given here need. Default: none. */
  imports?: ModuleMetadata['imports'];
  /**
   * Tells several registrations apart; letters, digits, `-` and `_`. Each has its own service, endpoint and cache.
   * Default: none.
   *
   * @see docs/endpoint.md
   */
  name?: string;
  /**
   * The REST endpoint, `GET nudge/token` by default; `false` for none. Default `{}`.
   *
   * @see docs/endpoint.md
   */
  endpoint?: false | NudgeEndpointOptions;
}

const endpointSchema = optionsOf(
  endpointOptions,
  'must be false or an object such as { path: "nudge/token" }',
);

/** @internal */
export const moduleExtras = {
  isGlobal: v.optional(flag(), false),
  imports: v.optional(v.custom<ModuleMetadata['imports']>(() => true)),
  name: v.optional(
    v.custom<string>(
      (name) => typeof name === 'string' && /^[\w-]+$/.test(name),
      'must consist of letters, digits, - and _',
    ),
  ),
  endpoint: v.optional(falseOr(endpointSchema), {}),
} satisfies Declarations<NudgeAuthExtras>;

/**
 * Beside the extras stand the options of `forRoot`, which are checked when the application boots.
 *
 * @internal
 */
export const moduleExtrasSchema = v.object(moduleExtras);

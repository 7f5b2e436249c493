import type { ModuleMetadata } from '@nestjs/common';
import * as v from 'valibot';
import { endpointOptions, type NudgeEndpointOptions } from './endpoint.options.js';
import { falseOr, flag, optionsOf, type Declarations } from './option-rules.js';

/**
 * The options that Nest must know before it calls a factory. Put them beside `useFactory`, not into what it returns.
 *
 * @publicApi
 */
export interface NudgeAuthExtras {
  /** `true` lets every module inject the service without importing this module. Default `false`. */
  isGlobal?: boolean;
  /** Modules that export the providers that the options factory and the guards inject. Default: none. */
  imports?: ModuleMetadata['imports'];
  /**
   * The name of the registration, where there are several: letters, digits, `-` and `_`. Each registration has its own
   * service, endpoint and cache. Default: none.
   *
   * @see docs/endpoint.md
   */
  name?: string;
  /**
   * The REST endpoint, by default `GET nudge/token`; `false` creates none. Default `{}`.
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
 * The schema of the extras. It ignores the other options of `forRoot`, which the module checks when the application boots.
 *
 * @internal
 */
export const moduleExtrasSchema = v.object(moduleExtras);

import type { RefreshTokenClock } from './clock.js';

/**
 * The few shapes this client needs of the program around it. They are written out here so that neither the DOM's nor
 * Node's nor React Native's types have to be installed; the real ones all fit.
 */

/**
 * What is read of an answer: a real `Response` fits, of the DOM, of `undici` and of React Native.
 *
 * @publicApi
 */
export interface FetchResponse {
  readonly ok: boolean;
  readonly status: number;
  readonly headers: {
    get(name: string): string | null;
    /** Where it is missing, only `Retry-After` itself is read. */
    forEach?(callback: (value: string, name: string) => void): void;
  };
  json(): Promise<unknown>;
}

/**
 * What an aborted request watches, where the program has no `AbortSignal` type of its own.
 *
 * @publicApi
 */
export interface AbortSignalLike {
  readonly aborted: boolean;
}

/** What the program's own `fetch` takes as its second argument; React Native types its `AbortSignal` only there. */
type HostRequestInit = typeof globalThis extends { fetch(input: string, init?: infer Init): unknown }
  ? Init
  : { signal?: AbortSignalLike };

/**
 * The program's own `AbortSignal` type where it has one, else {@link AbortSignalLike}.
 *
 * @publicApi
 */
export type HostAbortSignal = typeof globalThis extends { AbortSignal: { prototype: infer Signal } }
  ? Signal
  : HostRequestInit extends { signal?: infer Signal } | undefined
    ? NonNullable<Signal>
    : AbortSignalLike;

/**
 * How cookies travel, as in every `fetch`.
 *
 * @publicApi
 */
export type FetchCredentials = 'omit' | 'same-origin' | 'include';

/**
 * What a request is made of; its method is `fetch`'s own default, `GET`.
 *
 * @publicApi
 */
export interface FetchInit {
  headers: Record<string, string>;
  /** `undefined` unless the `credentials` option is given: some workers refuse the field. */
  credentials?: FetchCredentials | undefined;
  /** `undefined` where the platform has no `AbortController`. */
  signal?: HostAbortSignal | undefined;
}

/**
 * The part of `fetch` that is used; the DOM's, `undici`'s and React Native's all fit.
 *
 * @publicApi
 */
export type FetchLike = (url: string, init: FetchInit) => Promise<FetchResponse>;

/**
 * The part of React Native's `AppState` that is used.
 *
 * @publicApi
 */
export interface AppStateLike {
  /** `'active'` means in use; everything else does not. */
  readonly currentState: string | null | undefined;
  addEventListener(type: 'change', listener: (state: string) => void): { remove(): void } | undefined;
}

interface Host extends RefreshTokenClock {
  readonly fetch: FetchLike;
  /** React Native lacks it before 0.74. */
  atob(base64: string | undefined): string;
  readonly document?: { readonly visibilityState: string };
  readonly AbortController?: new () => { readonly signal: HostAbortSignal; abort(): void };
  addEventListener?(type: string, listener: () => void): void;
  removeEventListener?(type: string, listener: () => void): void;
}

/** The global object, read at the moment of use: polyfills and test doubles may come late. */
export const host = globalThis as unknown as Host;

/** Whether somebody is looking; `true` where the platform cannot tell, as in a worker. */
export const isVisible = (appState: AppStateLike | undefined): boolean =>
  appState ? appState.currentState === 'active' : host.document?.visibilityState !== 'hidden';

/** Calls `onWake` when the app's visibility changes and when it comes online, until the returned function is called. */
export const watchHost = (appState: AppStateLike | undefined, onWake: () => void): (() => void) => {
  const subscription = appState?.addEventListener('change', onWake);
  host.addEventListener?.('online', onWake);
  host.addEventListener?.('visibilitychange', onWake);
  return () => {
    subscription?.remove();
    host.removeEventListener?.('online', onWake);
    host.removeEventListener?.('visibilitychange', onWake);
  };
};

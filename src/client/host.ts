import type { RefreshTokenClock } from './clock.js';

/**
 * The few types that the client needs of the program around it. They are written out here, so that an app need not
 * install the types of the DOM, Node or React Native; the real ones all fit.
 */

/**
 * What the client reads of an answer; the `Response` of the DOM, of `undici` and of React Native fits.
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
 * The type of the signal that aborts a request, where the program has no `AbortSignal` type.
 *
 * @publicApi
 */
export interface AbortSignalLike {
  readonly aborted: boolean;
}

/** The second argument of the program's own `fetch`; React Native types its `AbortSignal` only there. */
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
 * When `fetch` sends cookies.
 *
 * @publicApi
 */
export type FetchCredentials = 'omit' | 'same-origin' | 'include';

/**
 * What `fetch` is given for a request; the method is its default, `GET`.
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
 * The part of `fetch` that the client uses; the `fetch` of the DOM, of `undici` and of React Native fits.
 *
 * @publicApi
 */
export type FetchLike = (url: string, init: FetchInit) => Promise<FetchResponse>;

/**
 * The part of React Native's `AppState` that the client uses.
 *
 * @publicApi
 */
export interface AppStateLike {
  /** `'active'` says that the app is in use; every other state says that it is not. */
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

/** Whether the user can see the app; `true` where the platform cannot tell, as in a worker. */
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

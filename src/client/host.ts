import type { RefreshTokenClock } from './clock.js';

/**
 * The few types of the app's platform that the client needs. They are declared here, so that an app need not install
 * the types of the DOM, Node or React Native. The real types all fit.
 */

/**
 * The part of a response that the client reads. The `Response` of the DOM, of `undici` and of React Native fits.
 *
 * @publicApi
 */
export interface FetchResponse {
  readonly ok: boolean;
  readonly status: number;
  readonly headers: {
    get(name: string): string | null;
    /** Without it, the client reads only `Retry-After` and not the headers of named throttlers. */
    forEach?(callback: (value: string, name: string) => void): void;
  };
  json(): Promise<unknown>;
}

/**
 * The type of the signal that aborts a request, for a program without an `AbortSignal` type.
 *
 * @publicApi
 */
export interface AbortSignalLike {
  readonly aborted: boolean;
}

/** The type of `fetch`'s second argument. React Native declares the type of its `AbortSignal` there, and nowhere else. */
type HostRequestInit = typeof globalThis extends { fetch(input: string, init?: infer Init): unknown }
  ? Init
  : { signal?: AbortSignalLike };

/**
 * The program's `AbortSignal` type if it has one, else {@link AbortSignalLike}.
 *
 * @publicApi
 */
export type HostAbortSignal = typeof globalThis extends { AbortSignal: { prototype: infer Signal } }
  ? Signal
  : HostRequestInit extends { signal?: infer Signal } | undefined
    ? NonNullable<Signal>
    : AbortSignalLike;

/**
 * To which endpoints `fetch` sends cookies.
 *
 * @publicApi
 */
export type FetchCredentials = 'omit' | 'same-origin' | 'include';

/**
 * The second argument of `fetch` for a request. The method is the default, `GET`.
 *
 * @publicApi
 */
export interface FetchInit {
  headers: Record<string, string>;
  /** `undefined` without the option `credentials`: some workers refuse the field. */
  credentials?: FetchCredentials | undefined;
  /** `undefined` on a platform without `AbortController`. */
  signal?: HostAbortSignal | undefined;
}

/**
 * The part of `fetch` that the client uses. The `fetch` of the DOM, of `undici` and of React Native fits.
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
  /** `'active'` while the app is in use; any other state while it is not. */
  readonly currentState: string | null | undefined;
  addEventListener(type: 'change', listener: (state: string) => void): { remove(): void } | undefined;
}

interface Host extends RefreshTokenClock {
  readonly fetch: FetchLike;
  /** Missing in React Native before 0.74. */
  atob(base64: string | undefined): string;
  readonly document?: { readonly visibilityState: string };
  readonly AbortController?: new () => { readonly signal: HostAbortSignal; abort(): void };
  addEventListener?(type: string, listener: () => void): void;
  removeEventListener?(type: string, listener: () => void): void;
}

/** The global object. The client reads it at each use, because polyfills and test doubles may come late. */
export const host = globalThis as unknown as Host;

/** Whether the user can see the app; `true` on a platform that cannot tell, such as a worker. */
export const isVisible = (appState: AppStateLike | undefined): boolean =>
  appState ? appState.currentState === 'active' : host.document?.visibilityState !== 'hidden';

/**
 * Calls `onWake` when the app's visibility changes and when the device comes online. Returns a function that ends this.
 */
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

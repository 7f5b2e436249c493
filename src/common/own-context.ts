import { AsyncResource } from 'node:async_hooks';

const NAME = 'nestjs-nudge-auth';

/** Made while the package is loaded: no request, trace or tenant is there yet that it could remember. */
const root = new AsyncResource(NAME);

/**
 * Runs `work`, and all that it begins, in an async context of the package's own: what many callers share must not see
 * the CLS, trace or tenant of the one who happened to come first.
 */
export function inOwnContext<T>(work: () => T): T {
  // One inside the other: what a host's function sets with `enterWith` must not stay in the one that lasts.
  return root.runInAsyncScope(() => new AsyncResource(NAME).runInAsyncScope(work));
}

import { AsyncResource } from 'node:async_hooks';

const NAME = 'nestjs-nudge-auth';

/** Created while the package loads: no request, trace or tenant exists yet that it could capture. */
const root = new AsyncResource(NAME);

/**
 * Runs `work`, and all work that it starts, in an async context of this package. Many callers share this work: it must
 * not see the CLS, trace or tenant of the caller who started it.
 */
export function inOwnContext<T>(work: () => T): T {
  // A new resource each time: a store that a function of the host sets with `enterWith` must not stay in `root`.
  return root.runInAsyncScope(() => new AsyncResource(NAME).runInAsyncScope(work));
}

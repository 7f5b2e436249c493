import { runInNewContext } from 'node:vm';

/** Throws a value that throws whenever it is read. */
export function unreadable(): never {
  const refuse = (): never => {
    throw new Error('unreadable');
  };
  // oxlint-disable-next-line typescript/only-throw-error -- code of a host can throw any value
  throw new Proxy({}, { get: refuse, getPrototypeOf: refuse, has: refuse });
}

/** A promise that rejects, and that is no instance of this realm's `Promise`. */
export const rejectingElsewhere = runInNewContext(
  'async () => { throw new Error("simulated fault in another realm") }',
) as () => Promise<never>;

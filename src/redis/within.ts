import type { Clock } from '../common/clock.js';

/** No answer came in time. The command is not cancelled by it: no client can call one back. */
export class CommandTimeout extends Error {
  override readonly name = 'CommandTimeout';
  readonly code = 'ETIMEDOUT';

  constructor() {
    super('Redis did not answer in time');
  }
}

/** What `work` comes to within `timeoutMs`. An answer that has arrived by then, and only not been read yet, counts. */
export function within<T>(clock: Clock, timeoutMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.schedule(timeoutMs, () => {
      setImmediate(() => reject(new CommandTimeout()));
    });
    void work.then(resolve, reject).finally(cancel);
  });
}

import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;

/** Waits for what another process does: until the condition holds; fails, saying what was awaited, when it is too late. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = 15_000,
): Promise<void> {
  const endsAtMs = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > endsAtMs) throw new Error(`It did not happen within ${withinMs} ms: ${what}`);
    await delay(POLL_MS);
  }
}

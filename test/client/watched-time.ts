import type { RefreshTokenClock } from '../../src/client/index.js';
import type { FakeDevice } from './fake-world.js';

/** The time of a history, as it is and as the client can know it. */
export class WatchedTime {
  /** The clock for the client: this class reads the time whenever the client does. */
  readonly clock: RefreshTokenClock;
  /** The time that has passed in truth. */
  trueMs = 0;
  /** The time that has passed as far as the client knows: it cannot know what its clocks did between two readings. */
  knownMs = 0;
  awakeMs = 0;
  #lastWallMs: number;
  #lastMonotonicMs: number;
  readonly #device: FakeDevice;

  constructor(device: FakeDevice) {
    this.#device = device;
    this.#lastWallMs = device.Date.now();
    this.#lastMonotonicMs = device.performance.now();
    this.clock = {
      Date: {
        now: () => {
          this.read();
          return device.Date.now();
        },
      },
      performance: device.performance,
      setTimeout: (callback, delayMs) => device.setTimeout(callback, delayMs),
      clearTimeout: (timer) => device.clearTimeout(timer),
    };
  }

  read(): void {
    const wallMs = this.#device.Date.now();
    const monotonicMs = this.#device.performance.now();
    this.knownMs += Math.max(wallMs - this.#lastWallMs, monotonicMs - this.#lastMonotonicMs);
    this.#lastWallMs = wallMs;
    this.#lastMonotonicMs = monotonicMs;
  }

  sleep(ms: number): void {
    this.#device.sleep(ms);
    this.trueMs += ms;
  }

  /** Passes one turn per timer, so that the watch knows the time at which each timer fires. */
  async pass(ms: number, afterTurn: () => void): Promise<void> {
    for (let leftMs = ms; leftMs > 0;) {
      const dueMs = [...this.#device.timers.values()].map(
        (timer) => timer.dueMs - this.#device.performance.now(),
      );
      const turnMs = Math.max(0, Math.min(leftMs, ...dueMs));
      this.trueMs += turnMs;
      this.awakeMs += turnMs;
      await this.#device.pass(turnMs);
      afterTurn();
      leftMs -= turnMs;
    }
  }
}

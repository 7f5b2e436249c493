import { ManualClock } from 'nestjs-nudge-auth/testing';

/** The turns of the event loop after which an answer has passed all sockets of this process. */
const TURNS = 40;
/** Work outside the event loop that ends by itself. */
const UNDER_WAY = /^(TCPConnectWrap|WriteWrap|ShutdownWrap|GetAddrInfoReqWrap|FSReq|\w*(Job|Request)$)/;

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Waits until nothing more happens unless time passes. */
async function settle() {
  do {
    for (let turns = 0; turns < TURNS; turns += 1) await turn();
  } while (process.getActiveResourcesInfo().some((name) => UNDER_WAY.test(name)));
}

/** The time of a drill. It passes only in `pass`, as fast as the machine can compute. */
export class DrillTime {
  clock = new ManualClock();

  /** Lets time pass. Each timer fires at its own moment, and its work ends before time goes on. */
  async pass(ms) {
    const endsAtMs = this.clock.now().monotonicMs + ms;
    const leftMs = () => endsAtMs - this.clock.now().monotonicMs;
    await settle();
    for (let [nextMs] = this.clock.pendingMs; nextMs <= leftMs(); [nextMs] = this.clock.pendingMs) {
      this.clock.advance(nextMs);
      await settle();
    }
    this.clock.advance(leftMs());
    await settle();
  }
}

/** The clock of one machine. It shows the true time, or is wrong by `aheadMs`. */
export class MachineClock {
  /** Milliseconds by which the clock is ahead of the true time. */
  aheadMs = 0;
  #world;

  constructor(world) {
    this.#world = world;
  }

  now() {
    const { wallMs, monotonicMs } = this.#world.now();
    return { wallMs: wallMs + this.aheadMs, monotonicMs };
  }

  schedule(...args) {
    return this.#world.schedule(...args);
  }
}

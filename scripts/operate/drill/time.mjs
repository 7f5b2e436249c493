import { ManualClock } from 'nestjs-nudge-auth/testing';

/** So many turns of the event loop carry an answer through all sockets of this process. */
const TURNS = 40;
/** Work that ends by itself, beside the event loop. */
const UNDER_WAY = /^(TCPConnectWrap|WriteWrap|ShutdownWrap|GetAddrInfoReqWrap|FSReq|\w*(Job|Request)$)/;

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Until nothing happens any more without time passing. */
async function settle() {
  do {
    for (let turns = 0; turns < TURNS; turns += 1) await turn();
  } while (process.getActiveResourcesInfo().some((name) => UNDER_WAY.test(name)));
}

/** The time of a drill: it passes when it is told to, and as fast as the machine can compute. */
export class DrillTime {
  clock = new ManualClock();

  /** Lets time pass. What falls due runs at its own moment, and what it brings about ends before time goes on. */
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

/** The clock of one machine: that of the world, or one that is wrong. */
export class MachineClock {
  /** By how much it is ahead of the true time. */
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

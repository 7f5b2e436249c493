import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { RedisTokenStore } from 'nestjs-nudge-auth/redis';
import { systemClock } from '../../../dist/common/clock.js';
import { RedisProcess } from '../../../examples/03-observed/dist/02-fleet/demo/redis-process.js';
import { Issuer } from './issuer.mjs';
import { Passage } from './passage.mjs';
import { Pod } from './pod.mjs';
import { DrillTime, MachineClock } from './time.mjs';

export const PRIMARY_KEY = 'obviously-fake-primary-key-of-the-drill';
export const FALLBACK_KEY = 'obviously-fake-fallback-key-of-the-drill';
export const OTHER_KEY = 'obviously-fake-key-that-the-drill-does-not-use';

const POD_NAMES = ['pod-1', 'pod-2'];
const USERS = ['ada', 'grace'];
const LEVELS = ['log', 'warn', 'error', 'fatal'];

const portOf = (url) => Number(new URL(url).port);

/** What the module says, and nothing of Nest's own. */
function recordingLog() {
  const lines = [];
  const ignore = () => undefined;
  const log = { lines, debug: ignore, verbose: ignore };
  for (const level of LEVELS) {
    // Nest gives a stack in between to errors.
    log[level] = (text, ...rest) => {
      if (String(rest.at(-1)).startsWith('NudgeAuthModule')) lines.push({ level, text });
    };
  }
  return log;
}

/** Two processes of an application, and all that they need: Nudge, a login service, users, and Redis where it is the matter. */
export class Stage {
  /** How many users come for the first time in each step, to each process. */
  newUsersPerStep = 0;
  pods = [];
  waysToNudge = [];
  waysToRedis = [];
  log = recordingLog();
  #time = new DrillTime();
  #clock;
  #isRealTime;
  #newUsers = 0;
  #underWay = new Set();

  /** @param hasRedis the processes share a Redis. It has a time of its own, so that all must live in it. */
  static async start({ options = {}, hasRedis = false } = {}) {
    const stage = new Stage();
    stage.#isRealTime = hasRedis;
    stage.#clock = hasRedis ? systemClock : stage.#time.clock;
    const apiKeys = [PRIMARY_KEY, FALLBACK_KEY];
    stage.nudge = await NudgeEmulator.start({ apiKeys, clock: stage.#clock, rateLimitPerMinute: false });
    stage.issuer = await Issuer.start();
    if (hasRedis) stage.redis = await RedisProcess.start();
    for (const name of POD_NAMES) await stage.#startPod(name, options);
    return stage;
  }

  /** Users ask for tokens. They have their answers when so much time has passed; with Redis as soon as they come. */
  async ask(ms) {
    const users = [
      ...USERS,
      ...Array.from({ length: this.newUsersPerStep }, () => `user-${this.#newUsers++}`),
    ];
    const jwts = await Promise.all(users.map((user) => this.issuer.jwtOf(user, this.#clock.now().wallMs)));
    for (const pod of this.pods) {
      for (const jwt of jwts) {
        const asked = pod.ask(jwt).finally(() => this.#underWay.delete(asked));
        this.#underWay.add(asked);
      }
    }
    if (this.#isRealTime) await Promise.all(this.#underWay);
    else await this.pass(ms);
  }

  pass(ms) {
    return this.#time.pass(ms);
  }

  async stop() {
    // A call that hangs would hold up the close.
    await this.nudge.stop();
    await Promise.all(this.#underWay);
    for (const pod of this.pods) await pod.stop();
    await Promise.all([...this.waysToNudge, ...this.waysToRedis].map((way) => way.close()));
    await Promise.all([this.issuer.stop(), this.redis?.stop()]);
  }

  async #startPod(name, options) {
    const toNudge = await Passage.to(portOf(this.nudge.url), this.#clock);
    this.waysToNudge.push(toNudge);
    const pod = await Pod.start({
      name,
      clock: new MachineClock(this.#clock),
      log: this.log,
      options: {
        apiKey: PRIMARY_KEY,
        baseUrl: `http://${toNudge.address}/api`,
        userJwt: this.issuer.userJwt,
        ...(this.redis !== undefined && (await this.#sharedOptions())),
        ...options,
      },
    });
    this.pods.push(pod);
  }

  async #sharedOptions() {
    const toRedis = await Passage.to(portOf(this.redis.url), this.#clock);
    this.waysToRedis.push(toRedis);
    // With patience, so that a busy machine is no incident.
    const store = new RedisTokenStore({ url: `redis://${toRedis.address}`, timeoutMs: 1_000 });
    // Often, so that the store is needed often.
    return { store, cache: { rotateAfterMs: 1_000 } };
  }
}

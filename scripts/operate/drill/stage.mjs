import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { RedisTokenStore } from 'nestjs-nudge-auth/redis';
import { systemClock } from '../../../compiled/common/clock.js';
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

/** A logger that keeps the lines of the module and drops those of Nest. */
function recordingLog() {
  const lines = [];
  const ignore = () => undefined;
  const log = { lines, debug: ignore, verbose: ignore };
  for (const level of LEVELS) {
    // For an error Nest passes a stack before the context, so the context is the last argument.
    log[level] = (text, ...rest) => {
      if (String(rest.at(-1)).startsWith('NudgeAuthModule')) lines.push({ level, text });
    };
  }
  return log;
}

/** Two processes of an application with all that they need: Nudge, a login service, users, and Redis if the incident is about it. */
export class Stage {
  /** The number of new users that ask each process in each step. */
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

  /** @param hasRedis whether the processes share a Redis. Redis runs in real time, so then all parts do. */
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

  /**
   * Lets users ask for tokens. On the drill's own clock `ms` milliseconds pass, in which all get an answer. With Redis the
   * method waits for the answers.
   */
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
    // A call that hangs would delay the close, so Nudge stops first.
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
    // A longer timeout than usual, so that a busy machine does not look like an incident.
    const store = new RedisTokenStore({ url: `redis://${toRedis.address}`, timeoutMs: 1_000 });
    // Frequent rotations, so that the processes ask the store often.
    return { store, cache: { rotateAfterMs: 1_000 } };
  }
}

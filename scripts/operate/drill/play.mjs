import { firingAlerts } from './firing-alerts.mjs';
import { movedMetrics } from './moved-metrics.mjs';
import { Recording } from './recording.mjs';
import { Stage } from './stage.mjs';
import { answersIn, eventsIn, healthIn, linesIn } from './told.mjs';

const STEP_S = 60;
const STEPS_A_MINUTE = 60 / STEP_S;
const MINUTES = { before: 15, during: 30, after: 25 };
/** The module lets no user wait that long. */
const ANSWERED_WITHIN_MS = 10_000;
const LONGEST_WAIT_MS = 120_000;

/** The signals of the processes in one phase of the drill. */
class Account {
  events = [];
  answers = [];
  healths = [];
  lines = [];

  /** Reads health first, so that the events and lines behind each state of health are in the same account. */
  async take({ pods, log }) {
    for (const pod of pods) this.healths.push({ pod: pod.name, health: await pod.health() });
    for (const pod of pods) {
      this.events.push(...pod.events.splice(0).map((event) => ({ pod: pod.name, event })));
      this.answers.push(...pod.answers.splice(0));
    }
    this.lines.push(...log.lines.splice(0));
  }
}

/** Plays a phase on the drill's own clock: one step for each minute. */
async function playSteps(stage, recording, account, minutes) {
  for (let left = minutes * STEPS_A_MINUTE; left > 0; left -= 1) {
    await stage.ask(ANSWERED_WITHIN_MS);
    await account.take(stage);
    await recording.scrape(stage.pods);
    await stage.pass(STEP_S * 1_000 - ANSWERED_WITHIN_MS);
  }
}

/**
 * Plays a phase in real time, because Redis has no other. It ends when every process reports the wanted state of the store.
 * The recording then repeats the last scrape for all its minutes.
 */
async function playUntil(stage, recording, account, minutes, store) {
  const endsAtMs = performance.now() + LONGEST_WAIT_MS;
  do {
    if (performance.now() > endsAtMs)
      throw new Error(`The store is not ${store} within ${LONGEST_WAIT_MS} ms`);
    account.healths = [];
    await stage.ask();
    await account.take(stage);
  } while (!account.healths.every(({ health }) => health.store === store));
  await recording.scrape(stage.pods);
  recording.repeat(minutes * STEPS_A_MINUTE - 1);
}

/** Plays an incident with two processes of the application. Returns the signals that show it. */
export async function play({ title, setup = {}, begin, end, minutes = MINUTES.during }) {
  const stage = await Stage.start(setup);
  const recording = new Recording();
  const phase = async (lasts, store) => {
    const account = new Account();
    if (setup.hasRedis) await playUntil(stage, recording, account, lasts, store);
    else await playSteps(stage, recording, account, lasts);
    return { account, endsAt: recording.length };
  };
  try {
    const before = await phase(MINUTES.before, 'available');
    await begin(stage);
    const during = await phase(minutes, 'lost');
    const isAlive = (await Promise.all(stage.pods.map((pod) => pod.isAlive()))).every(Boolean);
    await end(stage);
    const after = await phase(MINUTES.after, 'available');
    const alerts = await firingAlerts(recording, STEP_S);
    const told = (read) => [read(during.account), read(after.account)];
    const [events, eventsAfter] = told(eventsIn);
    const [lines, linesAfter] = told(linesIn);
    return {
      title,
      answers: answersIn(during.account),
      lines,
      events,
      metrics: movedMetrics(recording, before.endsAt, during.endsAt),
      health: healthIn(during.account),
      isAlive,
      alerts: alertsOf(alerts, before.endsAt / STEPS_A_MINUTE),
      after: {
        answers: answersIn({ answers: after.account.answers.slice(-2) }),
        lines: linesAfter,
        events: eventsAfter,
        health: healthIn({ healths: after.account.healths.slice(-stage.pods.length) }),
        alerts: namesAt(alerts, Math.floor((recording.length - 1) / STEPS_A_MINUTE)),
      },
    };
  } finally {
    await stage.stop();
  }
}

const namesAt = (alerts, at) => alerts.filter(({ minute }) => minute === at).map(({ name }) => name);

/** Each alert once, in the order in which they fire, with the minutes since the incident began. */
function alertsOf(alerts, begunAtMinute) {
  const first = new Map();
  for (const { name, instance, minute } of alerts) {
    const known = first.get(name) ?? { name, instances: new Set(), afterMinutes: minute - begunAtMinute };
    if (instance !== undefined) known.instances.add(instance);
    first.set(name, known);
  }
  return [...first.values()].map(({ instances, ...alert }) => ({ ...alert, instances: [...instances] }));
}

/* Names the signals of one phase: each signal once, in the order in which it first came. */

const NOTABLE_SKEW_MS = 30_000;
const NOTABLE_DURATION_MS = 2_000;

const once = (items) => [...new Set(items)];

/** The answers to users: status and code. */
export function answersIn({ answers }) {
  return once(answers.map(({ status, code }) => (code === undefined ? `${status}` : `${status} ${code}`)));
}

/** The lines of the log, each with its level. */
export function linesIn({ lines }) {
  return once(lines.map(({ level, text }) => `${level}: ${text}`));
}

/** The type of an event with its most telling property; `undefined` for an event that shows no incident. */
function eventName({ type, code, role, skewMs, tookMs }) {
  switch (type) {
    case 'failed':
      return `${type} (${code})`;
    case 'key-refused':
    case 'key-in-use':
      return `${type} (${role})`;
    case 'renewed':
      if (Math.abs(skewMs ?? 0) > NOTABLE_SKEW_MS) return `${type} (skewMs)`;
      return tookMs > NOTABLE_DURATION_MS ? `${type} (tookMs)` : undefined;
    case 'renewal-started':
      return undefined;
    default:
      return type;
  }
}

/** The events. If only one process had an event, its name is added. */
export function eventsIn({ events }) {
  const podsOf = new Map();
  for (const { pod, event } of events) {
    const name = eventName(event);
    if (name !== undefined) podsOf.set(name, (podsOf.get(name) ?? new Set()).add(pod));
  }
  return [...podsOf].map(([name, pods]) => (pods.size > 1 ? name : `${name}, ${[...pods][0]} alone`));
}

/** The states of health, each with the properties that are not normal. */
export function healthIn({ healths }) {
  const stateOf = ({ status, readyStatus, canServe, canRenew, code, store, fallbackInUse }) => {
    const parts = [
      !canServe && 'canServe: false',
      !canRenew && 'canRenew: false',
      code !== undefined && `code: ${code}`,
      store === 'lost' && 'store: lost',
      fallbackInUse && 'fallbackInUse: true',
      readyStatus !== 200 && `HTTP ${readyStatus}`,
    ].filter(Boolean);
    return [status, ...parts].join(', ');
  };
  return once(healths.map(({ health }) => stateOf(health)));
}

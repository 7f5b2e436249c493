import { fail, pass, warn, type Check } from '../check.js';
import { duration } from '../plain-words.js';
import { resolvedSettings } from '../probes/settings.js';
import { answerOfNudge } from '../probes/vendor-exchange.js';

export const latencyCheck: Check = {
  name: 'latency',
  group: 'Nudge',
  asks: 'how long Nudge takes to answer',
  needs: ['call'],
  reachesNudge: true,
  async run(context, signal) {
    const { elapsedMs } = await answerOfNudge(context, signal);
    const { timeoutMs } = (await resolvedSettings(context, signal)).http;
    const taken = `${Math.round(elapsedMs)} ms with the connection, of the ${timeoutMs} ms of http.timeoutMs`;
    if (elapsedMs >= timeoutMs) {
      return fail(
        `${taken}: the module would have given up`,
        'Find what is slow (DNS, a proxy, the region); only then raise http.timeoutMs (at most 9000).',
      );
    }
    if (elapsedMs > timeoutMs / 2) {
      return warn(
        taken,
        `The answer took more than half of the allowed time. Find what is slow before it takes ${duration(timeoutMs)}.`,
      );
    }
    return pass(taken);
  },
};

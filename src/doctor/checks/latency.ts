import { fail, pass, warn, type Check } from '../check.js';
import { duration } from '../plain-words.js';
import { resolvedSettings } from '../probes/settings.js';
import { answerOfNudge } from '../probes/vendor-exchange.js';

export const latencyCheck: Check = {
  name: 'latency',
  group: 'Nudge',
  asks: 'how long Nudge took',
  needs: ['call'],
  reachesNudge: true,
  async run(context, signal) {
    const { elapsedMs } = await answerOfNudge(context, signal);
    const { timeoutMs } = (await resolvedSettings(context, signal)).http;
    const taken = `${Math.round(elapsedMs)} ms, connection included, of the ${timeoutMs} ms of http.timeoutMs`;
    if (elapsedMs >= timeoutMs) {
      return fail(
        `${taken}: the module would have given up`,
        'Find what is slow (DNS, a proxy, the region); only then raise http.timeoutMs (at most 9000).',
      );
    }
    if (elapsedMs > timeoutMs / 2) {
      return warn(
        taken,
        `Half of the time was not enough. Find what is slow before it exceeds ${duration(timeoutMs)}.`,
      );
    }
    return pass(taken);
  },
};

import { SECOND_MS } from '../../common/durations.js';
import { pass, warn, type Check } from '../check.js';
import { duration } from '../plain-words.js';
import { answerToStranger, hasEndpoint } from '../probes/endpoint.js';

/** SDKs give up after ten seconds, and a token takes longer than a refusal. */
const NOTABLE_MS = 2 * SECOND_MS;

export const endpointTimeCheck: Check = {
  name: 'endpoint-time',
  group: 'Endpoint',
  asks: 'how long the endpoint took',
  needs: ['endpoint-answer'],
  isFor: hasEndpoint,
  async run(context, signal) {
    const { elapsedMs } = await answerToStranger(context, signal);
    if (elapsedMs < NOTABLE_MS) return pass(`refused after ${Math.round(elapsedMs)} ms`);
    return warn(
      `a refusal takes ${duration(elapsedMs)}, and SDKs give up on a token after 10 s`,
      'Find what holds requests up before the guard: middleware, a proxy, a cold start.',
    );
  },
};

import { SECOND_MS } from '../../common/durations.js';
import { pass, warn, type Check } from '../check.js';
import { duration } from '../plain-words.js';
import { answerToStranger, hasEndpoint } from '../probes/endpoint.js';

/** Far below the ten seconds after which SDKs give up: an answer with a token takes longer than a refusal. */
const NOTABLE_MS = 2 * SECOND_MS;

export const endpointTimeCheck: Check = {
  name: 'endpoint-time',
  group: 'Endpoint',
  asks: 'how long the endpoint takes to answer',
  needs: ['endpoint-answer'],
  isFor: hasEndpoint,
  async run(context, signal) {
    const { elapsedMs } = await answerToStranger(context, signal);
    if (elapsedMs < NOTABLE_MS) return pass(`refused after ${Math.round(elapsedMs)} ms`);
    return warn(
      `a refusal takes ${duration(elapsedMs)}, and SDKs give up on a token after 10 s`,
      'Find what delays requests before the guard: middleware, a proxy, or a cold start.',
    );
  },
};

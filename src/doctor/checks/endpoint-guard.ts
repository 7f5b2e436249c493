import { fail, pass, type Check } from '../check.js';
import { answerToStranger, errorCodeIn, hasEndpoint, isRefusal } from '../probes/endpoint.js';

export const endpointGuardCheck: Check = {
  name: 'endpoint-guard',
  group: 'Endpoint',
  asks: 'whether the endpoint refuses a caller without a credential',
  needs: ['endpoint-answer'],
  isFor: hasEndpoint,
  async run(context, signal) {
    const answer = await answerToStranger(context, signal);
    if (isRefusal(answer)) return pass(`refused with ${answer.status}`);
    const code = errorCodeIn(answer);
    return fail(
      code === undefined
        ? 'the endpoint is open: a caller without a credential gets an answer, and may get a token'
        : `the endpoint is open: it does not refuse a caller without a credential, and answers ${code}`,
      'Put a guard on it: give userJwt, a passport strategy “jwt”, or endpoint.guards (docs/guards.md).',
    );
  },
};

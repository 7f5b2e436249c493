import { fail, pass, warn, type Check } from '../check.js';
import { answersToForgers, errorCodeIn, hasEndpoint, isRefusal } from '../probes/endpoint.js';

export const endpointForgedJwtCheck: Check = {
  name: 'endpoint-forged-jwt',
  group: 'Endpoint',
  asks: 'whether the endpoint refuses a JWT that an attacker can make',
  needs: ['endpoint-guard'],
  isFor: hasEndpoint,
  async run(context, signal) {
    const answers = await answersToForgers(context, signal);
    const accepted = answers.find((answer) => !isRefusal(answer));
    if (accepted === undefined) return pass('refused, both with a wrong signature and without a signature');
    if (errorCodeIn(accepted) === 'USER_KEYS_UNAVAILABLE') {
      return warn(
        'the application cannot fetch the keys that verify its users’ JWTs (USER_KEYS_UNAVAILABLE)',
        'Check userJwt.jwksUri, and the way from the application to the issuer.',
      );
    }
    if (accepted.status === 429) {
      return warn('a throttler answers 429, so the doctor cannot tell', 'Wait a minute, then try again.');
    }
    return fail(
      `a forged JWT is not refused (status ${accepted.status}): an attacker can get a token in any user’s name`,
      'The guard reads JWTs but does not verify them: let it check the signature and the algorithm, or give userJwt (docs/guards.md).',
    );
  },
};

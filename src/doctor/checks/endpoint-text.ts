import { decodeJwt } from '../../common/compact-jwt.js';
import { fail, pass, type Check } from '../check.js';
import { hasUserJwt, textToUser } from '../probes/endpoint.js';

export const endpointTextCheck: Check = {
  name: 'endpoint-text',
  group: 'Endpoint',
  asks: 'whether the user gets the bare token as text',
  needs: ['endpoint-user'],
  isFor: hasUserJwt,
  async run(context, signal) {
    const answer = await textToUser(context, signal);
    const isText = /^text\/plain\b/i.test(answer.headers['content-type'] ?? '');
    if (answer.status === 200 && isText && decodeJwt(answer.body) !== undefined)
      return pass('?format=text is the bare token');
    return fail(
      `?format=text is not the bare token (status ${answer.status})`,
      'The SDKs for Java, Kotlin, Swift and Flutter use the whole body as the token: find the interceptor or proxy that changes it.',
    );
  },
};

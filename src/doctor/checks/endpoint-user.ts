import { decodeJwt } from '../../common/compact-jwt.js';
import { SECOND_MS } from '../../common/durations.js';
import { isInsecure } from '../../options/plain-http.js';
import { fail, pass, type Check, type Finding } from '../check.js';
import type { DoctorContext } from '../context.js';
import { duration } from '../plain-words.js';
import {
  answerToUser,
  endpointUrlOf,
  errorCodeIn,
  hasUserJwt,
  isRefusal,
  jsonIn,
  NoEndpointAnswer,
  type EndpointAnswer,
} from '../probes/endpoint.js';

const FIELDS = ['token', 'expiresAt', 'expiresIn', 'refreshIn'];

/** Says that the JWT has expired, if it has. */
function expiry({ request, machine }: DoctorContext): string {
  const exp = decodeJwt(request.userJwt?.reveal() ?? '')?.payload['exp'];
  const lateMs = typeof exp === 'number' ? machine.clock.now().wallMs - exp * SECOND_MS : 0;
  return lateMs > 0 ? `: it expired ${duration(lateMs)} ago` : '';
}

function findingOn(answer: EndpointAnswer, context: DoctorContext): Finding {
  const code = errorCodeIn(answer);
  if (code !== undefined) {
    return fail(
      `the endpoint answers ${answer.status} with ${code}`,
      `docs/errors.md says what ${code} means; the application’s log has the reason.`,
    );
  }
  if (isRefusal(answer)) {
    return fail(
      `the user’s JWT is refused (${answer.status})${expiry(context)}`,
      'Give a JWT that has not expired and that your application accepts as “Authorization: Bearer …”.',
    );
  }
  if (answer.status !== 200) {
    return fail(`the endpoint answers ${answer.status}`, 'See the application’s log.');
  }
  const missing = FIELDS.filter((field) => !(field in jsonIn(answer)));
  if (missing.length > 0) {
    return fail(
      `the answer lacks ${missing.join(', ')}`,
      'An interceptor or a proxy changes the answer (endpoint.passthrough lets interceptors do so). SDKs read `token` from the top of the JSON.',
    );
  }
  return pass(
    `a token, for ${duration(Number(jsonIn(answer)['expiresIn']) * SECOND_MS)} (it may have cost a call to Nudge)`,
  );
}

export const endpointUserCheck: Check = {
  name: 'endpoint-user',
  group: 'Endpoint',
  asks: 'whether the user gets a token',
  needs: ['endpoint-answer'],
  isFor: hasUserJwt,
  async run(context, signal) {
    if (isInsecure(endpointUrlOf(context).href)) {
      return fail(
        'the JWT is not sent: the endpoint is plain http',
        'Give an https:// URL, or run the doctor on the machine of the endpoint.',
      );
    }
    try {
      return findingOn(await answerToUser(context, signal), context);
    } catch (error) {
      if (!(error instanceof NoEndpointAnswer)) throw error;
      return fail(
        `no answer to the user (${error.code})`,
        'SDKs give up after 10 s: the guards and http.deadlineMs together must take less time.',
      );
    }
  },
};

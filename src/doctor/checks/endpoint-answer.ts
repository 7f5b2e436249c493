import { SECOND_MS } from '../../common/durations.js';
import { fail, pass, type Check, type Finding } from '../check.js';
import {
  answerToStranger,
  endpointUrlOf,
  errorCodeIn,
  hasEndpoint,
  isRefusal,
  NoEndpointAnswer,
  type EndpointAnswer,
} from '../probes/endpoint.js';

function otherAnswer(answer: EndpointAnswer, url: string): Finding | undefined {
  const { status, headers } = answer;
  if (isRefusal(answer) || errorCodeIn(answer) !== undefined) return undefined;
  if (status === 404 || status === 405) {
    return fail(
      `${url} answers ${status}: there is no such route`,
      'Check the path: nudge/token, or endpoint.path, behind the global prefix and the version of your application.',
    );
  }
  if (status >= 300 && status < 400) {
    return fail(
      `${url} redirects (${status}); the doctor does not follow it`,
      'If the redirect leads to a URL of yours, give that URL. An SDK that follows a redirect loses the user’s credential.',
    );
  }
  if (status === 429) {
    return fail(`${url} answers 429: a throttler refuses the call`, 'Wait a minute, then try again.');
  }
  if (/html/i.test(headers['content-type'] ?? '')) {
    return fail(
      `${url} answers ${status} with an HTML page`,
      'The page comes from a web server, a single-page application or a login page: give the URL of the Nest application’s route.',
    );
  }
  if (status === 200) return undefined;
  return fail(
    `${url} answers ${status} to a caller without a credential`,
    'It should answer 401. See the application’s log.',
  );
}

export const endpointAnswerCheck: Check = {
  name: 'endpoint-answer',
  group: 'Endpoint',
  asks: 'whether the endpoint answers',
  needs: [],
  limitMs: 10 * SECOND_MS,
  isFor: hasEndpoint,
  async run(context, signal) {
    const { origin, pathname } = endpointUrlOf(context);
    const url = origin + pathname;
    try {
      const answer = await answerToStranger(context, signal);
      return otherAnswer(answer, url) ?? pass(`${url} answers ${answer.status}`);
    } catch (error) {
      if (!(error instanceof NoEndpointAnswer)) throw error;
      return error.code === 'timeout'
        ? fail(`${url} does not answer within 10 s`, 'SDKs give up after 10 s: find what delays the request.')
        : fail(
            `no connection to ${url} (${error.code})`,
            'Does the application run, and are host and port right?',
          );
    }
  },
};

import { fail, pass, skip, type Check } from '../check.js';
import type { DoctorContext } from '../context.js';
import { isInsecure } from '../../options/plain-http.js';
import {
  answerToStranger,
  answerToUser,
  endpointUrlOf,
  hasEndpoint,
  hasUserJwt,
  type EndpointAnswer,
} from '../probes/endpoint.js';

const HINT =
  'A cache could give one user’s token to another. Find what changes the headers: a proxy, a CDN, or an interceptor of yours.';

function problemsIn({ headers }: EndpointAnswer): string[] {
  return [
    ...(/\bno-store\b/i.test(headers['cache-control'] ?? '') ? [] : ['no Cache-Control: no-store']),
    ...(headers['etag'] === undefined ? [] : ['an ETag']),
    ...(headers['age'] === undefined && !/\bhit\b/i.test(headers['x-cache'] ?? '')
      ? []
      : ['the headers of a cache']),
  ];
}

async function tokenAnswer(context: DoctorContext, signal: AbortSignal): Promise<EndpointAnswer | undefined> {
  if (!hasUserJwt(context) || isInsecure(endpointUrlOf(context).href)) return undefined;
  const answer = await answerToUser(context, signal);
  return answer.status === 200 ? answer : undefined;
}

export const endpointCachingCheck: Check = {
  name: 'endpoint-caching',
  group: 'Endpoint',
  asks: 'whether the headers forbid caching',
  needs: ['endpoint-guard', 'endpoint-user'],
  isFor: hasEndpoint,
  async run(context, signal) {
    const answer = await tokenAnswer(context, signal);
    if (answer === undefined) {
      const problems = problemsIn(await answerToStranger(context, signal));
      if (problems.length === 0) return pass('no-store and no ETag on the refusal');
      return skip(
        `the refusal has ${problems.join(' and ')}; that is allowed if a global guard refuses. Give a user's JWT, so that the doctor can check the answer with a token`,
      );
    }
    const problems = problemsIn(answer);
    return problems.length === 0
      ? pass('no-store and no ETag')
      : fail(`the answer with the token has ${problems.join(' and ')}`, HINT);
  },
};

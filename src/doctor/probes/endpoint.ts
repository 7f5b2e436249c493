import { createHmac, randomBytes } from 'node:crypto';
import { elapsedMs } from '../../common/clock.js';
import { compactJws } from '../../common/compact-jwt.js';
import { HOUR_MS, SECOND_MS } from '../../common/durations.js';
import type { DoctorContext } from '../context.js';
import { codeOf } from './connect.js';
import { httpClientFor } from './http.js';
import { once } from './once.js';

/** The endpoint's answer. */
export interface EndpointAnswer {
  readonly status: number;
  /** The headers, with their names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
  readonly elapsedMs: number;
}

/** The endpoint gave no answer. */
export class NoEndpointAnswer extends Error {
  override readonly name = 'NoEndpointAnswer';

  /** @param code Node's error code; `timeout` if no answer came in time. */
  constructor(readonly code: string) {
    super(`no answer (${code})`);
  }
}

interface EndpointCall {
  readonly method?: 'GET' | 'OPTIONS';
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: string;
}

export function endpointUrlOf({ request }: DoctorContext): URL {
  if (request.endpointUrl === undefined) throw new Error('There is no endpoint to check');
  return request.endpointUrl;
}

export const hasEndpoint = ({ request }: DoctorContext): boolean => request.endpointUrl !== undefined;

export const hasUserJwt = (context: DoctorContext): boolean =>
  hasEndpoint(context) && context.request.userJwt !== undefined;

/** @throws {NoEndpointAnswer} and never the error of axios, which holds the headers. */
async function ask(
  context: DoctorContext,
  signal: AbortSignal,
  { method = 'GET', headers = {}, query }: EndpointCall = {},
): Promise<EndpointAnswer> {
  const { clock } = context.machine;
  const url = new URL(endpointUrlOf(context));
  if (query !== undefined) url.search = query;
  const origin = context.request.pageOrigin;
  const sentAt = clock.now();
  try {
    const response = await httpClientFor(url.href, context.machine).request<string>({
      url: url.href,
      method,
      headers: { 'user-agent': 'nestjs-nudge-auth', ...(origin === undefined ? {} : { origin }), ...headers },
      signal,
    });
    const texts = Object.entries(response.headers).map(([name, value]: [string, unknown]) => [
      name.toLowerCase(),
      typeof value === 'string' ? value : undefined,
    ]);
    return {
      status: response.status,
      headers: Object.fromEntries(texts),
      body: typeof response.data === 'string' ? response.data : '',
      elapsedMs: elapsedMs(sentAt, clock.now()),
    };
  } catch (error) {
    throw new NoEndpointAnswer(signal.aborted ? 'timeout' : codeOf(error));
  }
}

const bearer = (jwt: string): Record<string, string> => ({ authorization: `Bearer ${jwt}` });

/** The answer to a caller without a credential. */
export const answerToStranger = once((context, signal) => ask(context, signal));

/** The answers to a JWT with a wrong signature, and to a JWT without a signature. */
export const answersToForgers = once(async (context, signal): Promise<EndpointAnswer[]> => {
  const nowS = Math.floor(context.machine.clock.now().wallMs / SECOND_MS);
  const claims = { sub: 'doctor', iat: nowS, exp: nowS + HOUR_MS / SECOND_MS };
  const signed = compactJws({ alg: 'HS256', typ: 'JWT' }, claims, (text) =>
    createHmac('sha256', randomBytes(32)).update(text).digest(),
  );
  const unsigned = compactJws({ alg: 'none', typ: 'JWT' }, claims, () => Buffer.alloc(0));
  return [
    await ask(context, signal, { headers: bearer(signed) }),
    await ask(context, signal, { headers: bearer(unsigned) }),
  ];
});

/** The answers to the user whose JWT was given: as JSON, and as text. */
export const answerToUser = once((context, signal) => askAsUser(context, signal));
export const textToUser = once((context, signal) => askAsUser(context, signal, 'format=text'));

function askAsUser(context: DoctorContext, signal: AbortSignal, query?: string): Promise<EndpointAnswer> {
  const { userJwt } = context.request;
  if (userJwt === undefined) throw new Error('There is no JWT of a user');
  return ask(context, signal, {
    headers: bearer(userJwt.reveal()),
    ...(query === undefined ? {} : { query }),
  });
}

/** The answer to a browser's preflight for a page of the origin. */
export const answerToPreflight = once((context, signal) =>
  ask(context, signal, {
    method: 'OPTIONS',
    headers: { 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization' },
  }),
);

export function jsonIn({ body }: EndpointAnswer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    // The body is not JSON, so it has none of the fields.
    return {};
  }
}

export const isRefusal = ({ status }: EndpointAnswer): boolean => status === 401 || status === 403;

/** The error code of this package in an answer. */
export function errorCodeIn({ headers }: EndpointAnswer): string | undefined {
  const code = headers['nudge-auth-error'];
  return code !== undefined && /^[A-Z_]{1,40}$/.test(code) ? code : undefined;
}

import type { ExecutionContext } from '@nestjs/common';

/**
 * The part of a request of Express or Fastify that `userJwtFromRequest` reads.
 *
 * @publicApi
 */
export interface RequestWithHeaders {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Node accepts this much for all headers together. A longer header is ignored. */
const MAX_HEADER_LENGTH = 16 * 1024;

const BEARER_OR_BARE = /^(?:Bearer\s+)?([\w-]+\.[\w-]+\.[\w-]+)$/i;

/** The request's `Authorization` header, unless it is too long. */
export function authorizationOf({ headers: { authorization } }: RequestWithHeaders): string | undefined {
  return typeof authorization === 'string' && authorization.length <= MAX_HEADER_LENGTH
    ? authorization
    : undefined;
}

/** The user's JWT: after `Bearer`, or bare, as the vendor's sample clients send it. */
export function extractUserJwt(request: RequestWithHeaders): string | undefined {
  return BEARER_OR_BARE.exec(authorizationOf(request)?.trim() ?? '')?.[1];
}

/** A request of Express or Fastify, on which a guard sets the user. */
export type IncomingRequest = RequestWithHeaders & Record<string, unknown>;

/** The default context of a resolver: it has `req` with Apollo and `reply` with Mercurius. */
interface GraphqlContext {
  readonly req?: unknown;
  readonly reply?: { readonly request?: unknown };
}

function inGraphql(context: ExecutionContext): unknown {
  const { req, reply } = context.getArgByIndex<GraphqlContext | undefined>(2) ?? {};
  return req ?? reply?.request;
}

function hasHeaders(request: unknown): request is IncomingRequest {
  return typeof request === 'object' && request !== null && 'headers' in request;
}

/**
 * The HTTP request for which Nest calls a route or a GraphQL resolver.
 *
 * @throws {TypeError} when there is no request: for a message of a WebSocket or a queue, or a GraphQL context without
 * `req`.
 */
export function incomingRequest(context: ExecutionContext): IncomingRequest {
  const type = context.getType<string>();
  if (type === 'http') return context.getArgByIndex<IncomingRequest>(0);
  const request = type === 'graphql' ? inGraphql(context) : undefined;
  if (hasHeaders(request)) return request;
  throw new TypeError(
    type === 'graphql'
      ? "NudgeUserGuard finds no request in the resolver's context: make the context function of GraphQLModule return { req }"
      : `NudgeUserGuard finds no request: a message of the type "${type}" has none. Check the user when the connection is opened`,
  );
}

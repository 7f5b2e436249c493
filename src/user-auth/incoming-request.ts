import type { ExecutionContext } from '@nestjs/common';
import type { RequestWithHeaders } from './user-jwt-form.js';

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

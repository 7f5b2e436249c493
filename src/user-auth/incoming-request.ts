import type { ExecutionContext } from '@nestjs/common';
import type { RequestWithHeaders } from './user-jwt-form.js';

/** A request of either adapter, on which a guard leaves the user. */
export type IncomingRequest = RequestWithHeaders & Record<string, unknown>;

/** What a resolver's context holds: `req` with Apollo, `reply` with Mercurius, where the host's own function says nothing else. */
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
 * The HTTP request with which a route or a GraphQL resolver was called.
 *
 * @throws {TypeError} where there is none: a message over a socket or a queue, a GraphQL context without `req`.
 */
export function incomingRequest(context: ExecutionContext): IncomingRequest {
  const type = context.getType<string>();
  if (type === 'http') return context.getArgByIndex<IncomingRequest>(0);
  const request = type === 'graphql' ? inGraphql(context) : undefined;
  if (hasHeaders(request)) return request;
  throw new TypeError(
    type === 'graphql'
      ? "NudgeUserGuard finds no request in the resolver's context: let the context of GraphQLModule return { req }"
      : `NudgeUserGuard finds no request: a message of the kind "${type}" has none. Check the user when the connection is made`,
  );
}

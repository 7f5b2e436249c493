import { describe, expect, it } from '@jest/globals';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { incomingRequest } from './incoming-request.js';

const REQUEST = { headers: { authorization: 'Bearer obviously-fake' } };

function contextOf(type: string, ...args: unknown[]): ExecutionContextHost {
  const context = new ExecutionContextHost(args);
  context.setType(type);
  return context;
}

describe('incomingRequest', () => {
  it.each([
    ['a route', contextOf('http', REQUEST, {})],
    ['a resolver of Apollo', contextOf('graphql', undefined, {}, { req: REQUEST })],
    ['a resolver of Mercurius', contextOf('graphql', undefined, {}, { reply: { request: REQUEST } })],
  ])('finds the request of %s', (_what, context) => {
    expect(incomingRequest(context)).toBe(REQUEST);
  });

  it.each([
    ['a resolver whose context is empty', contextOf('graphql', undefined, {}, {}), 'return { req }'],
    ['a resolver without a context', contextOf('graphql', undefined, {}), 'return { req }'],
    ['a message over a WebSocket', contextOf('ws', { send() {} }, {}), 'when the connection is opened'],
    ['a message from a queue', contextOf('rpc', {}, {}), 'when the connection is opened'],
  ])('says what to do for %s', (_what, context, advice) => {
    expect(() => incomingRequest(context)).toThrow(advice);
  });
});

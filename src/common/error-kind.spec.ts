import { describe, expect, it } from '@jest/globals';
import { failureReasonOf } from './error-kind.js';

function replyError(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError' });
}

function coded(code: unknown): Error {
  return Object.assign(new Error('connect to secret-host:6379 failed'), { code });
}

describe('the reason of a failure', () => {
  it.each([
    [coded('ECONNREFUSED'), 'ECONNREFUSED'],
    [coded('EPROTO'), 'EPROTO'],
    [coded('ETIMEDOUT'), 'timeout'],
    [coded('timeout'), 'timeout'],
    [coded('EAI_AGAIN'), 'EAI_AGAIN'],
    [coded('DEPTH_ZERO_SELF_SIGNED_CERT'), 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    [replyError('WRONGPASS invalid username-password pair'), 'WRONGPASS'],
    [replyError("READONLY You can't write against a read only replica."), 'READONLY'],
    [replyError('OOM'), 'OOM'],
  ])('is one word for a known error: %s', (error, reason) => {
    expect(failureReasonOf(error)).toBe(reason);
  });

  it.each([
    [coded('redis://:fake-password@secret-host')],
    [coded('fake-password')],
    [coded('FAKEKEY0123456789')],
    [coded('F'.repeat(41))],
    [coded(42)],
    [replyError('fake-password is wrong')],
    [replyError('ERR:FAKE is wrong')],
    [replyError('')],
    [new Error('WRONGPASS fake-password')],
    ['ECONNREFUSED'],
    [null],
    [undefined],
  ])('is left out when the error could hold any text: %s', (error) => {
    expect(failureReasonOf(error)).toBeUndefined();
  });
});

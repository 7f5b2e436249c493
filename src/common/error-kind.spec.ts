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
    ['ECONNREFUSED', coded('ECONNREFUSED'), 'ECONNREFUSED'],
    ['EPROTO', coded('EPROTO'), 'EPROTO'],
    ['ETIMEDOUT', coded('ETIMEDOUT'), 'timeout'],
    ['timeout', coded('timeout'), 'timeout'],
    ['EAI_AGAIN', coded('EAI_AGAIN'), 'EAI_AGAIN'],
    ['a bad certificate', coded('DEPTH_ZERO_SELF_SIGNED_CERT'), 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['WRONGPASS of Redis', replyError('WRONGPASS invalid username-password pair'), 'WRONGPASS'],
    ['READONLY of Redis', replyError("READONLY You can't write against a read only replica."), 'READONLY'],
    ['OOM of Redis', replyError('OOM'), 'OOM'],
  ])('is one word for a known error: %s', (_is, error, reason) => {
    expect(failureReasonOf(error)).toBe(reason);
  });

  it.each([
    ['a URL as code', coded('redis://:fake-password@secret-host')],
    ['a password as code', coded('fake-password')],
    ['an unknown word as code', coded('FAKEKEY0123456789')],
    ['a code of 41 letters', coded('F'.repeat(41))],
    ['a number as code', coded(42)],
    ['a reply of Redis that begins with a password', replyError('fake-password is wrong')],
    ['a reply of Redis that begins with no word', replyError('ERR:FAKE is wrong')],
    ['an empty reply of Redis', replyError('')],
    ['an error that is no reply of Redis', new Error('WRONGPASS fake-password')],
    ['a text', 'ECONNREFUSED'],
    ['null', null],
    ['undefined', undefined],
  ])('is left out when the error could hold any text: %s', (_is, error) => {
    expect(failureReasonOf(error)).toBeUndefined();
  });
});

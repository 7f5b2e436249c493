import { describe, expect, it } from '@jest/globals';
import { isNudgeAuthError } from '../common/errors.js';
import { readClaims } from './claims.js';

function encode(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

function jwt(payload: unknown, header: unknown = { alg: 'EdDSA', kid: 'one' }): string {
  return `${encode(header)}.${encode(payload)}.c2ln`;
}

const DAY_S = 86_400;

describe('readClaims', () => {
  it.each([
    {
      is: 'a token',
      token: jwt({ iat: 1000, exp: 2800 }),
      claims: { issuedAtMs: 1_000_000, expiresAtMs: 2_800_000, algorithm: 'EdDSA', keyId: 'one' },
    },
    {
      is: 'a token with the other sample’s algorithm and without a kid',
      token: jwt({ iat: 1000, exp: 2800, nbf: 5, sub: 'x' }, { alg: 'HS256', typ: 'JWT' }),
      claims: { issuedAtMs: 1_000_000, expiresAtMs: 2_800_000, algorithm: 'HS256', keyId: undefined },
    },
    {
      is: 'a token with fractions of a second, a life of one day and a kid that is not text',
      token: jwt({ iat: 0.5, exp: 0.5 + DAY_S }, { alg: 'EdDSA', kid: 7 }),
      claims: { issuedAtMs: 500, expiresAtMs: 500 + DAY_S * 1000, algorithm: 'EdDSA', keyId: undefined },
    },
  ])('reads $is', ({ token, claims }) => {
    expect(readClaims(token)).toEqual(claims);
  });

  it.each([
    { is: 'an empty text', token: '', reason: 'it is not a JWT in compact form' },
    { is: 'two parts', token: 'a.b', reason: 'it is not a JWT in compact form' },
    { is: 'five parts', token: 'a.b.c.d.e', reason: 'it is not a JWT in compact form' },
    {
      is: 'no signature',
      token: `${encode({ alg: 'none' })}.${encode({ iat: 1, exp: 2 })}.`,
      reason: 'it is not a JWT in compact form',
    },
    {
      is: 'a line break at the end',
      token: `${jwt({ iat: 1, exp: 2 })}\n`,
      reason: 'it is not a JWT in compact form',
    },
    {
      is: 'a header that is text',
      token: jwt({ iat: 1, exp: 2 }, 'canary'),
      reason: 'its header or payload is not JSON',
    },
    { is: 'a payload that is text', token: jwt('canary'), reason: 'its header or payload is not JSON' },
    {
      is: 'a payload that begins with a byte order mark',
      token: jwt('\ufeff{"iat":1000,"exp":2800}'),
      reason: 'its header or payload is not JSON',
    },
    { is: 'a payload that is a list', token: jwt([1]), reason: 'its header or payload is not JSON' },
    {
      is: 'no algorithm',
      token: jwt({ iat: 1, exp: 2 }, { kid: 'one' }),
      reason: 'its header names no "alg"',
    },
    { is: 'no iat', token: jwt({ exp: 2 }), reason: 'its "iat" claim is missing or not a number' },
    { is: 'no exp', token: jwt({ iat: 2 }), reason: 'its "exp" claim is missing or not a number' },
    {
      is: 'an exp that is text',
      token: jwt({ iat: 1, exp: '2' }),
      reason: 'its "exp" claim is missing or not a number',
    },
    {
      is: 'an iat that is null',
      token: jwt({ iat: null, exp: 2 }),
      reason: 'its "iat" claim is missing or not a number',
    },
    {
      is: 'an exp that is too large for a number',
      token: jwt('{"iat":1,"exp":1e999}'),
      reason: 'its "exp" claim is missing or not a number',
    },
    { is: 'an exp before iat', token: jwt({ iat: 2, exp: 1 }), reason: 'it expires before it was issued' },
    { is: 'an exp equal to iat', token: jwt({ iat: 2, exp: 2 }), reason: 'it expires before it was issued' },
    {
      is: 'a life of a day and a second',
      token: jwt({ iat: 0, exp: DAY_S + 1 }),
      reason: 'it claims to live longer than 1440 minutes, the longest the vendor offers',
    },
  ])('refuses $is, and does not quote the token', ({ token, reason }) => {
    let caught: unknown;
    try {
      readClaims(token);
    } catch (error) {
      caught = error;
    }
    expect(isNudgeAuthError(caught) && caught.code).toBe('NUDGE_BAD_RESPONSE');
    const { message, cause } = caught as Error;
    expect([message, cause]).toEqual([`Nudge answered with an unusable token: ${reason}`, undefined]);
  });
});

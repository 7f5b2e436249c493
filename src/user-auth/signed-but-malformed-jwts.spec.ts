import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { ask, keys, SECRET, verifierWith } from '../../test/support/user-jwt-verifiers.js';
import type { UserJwtRefusal } from './user-jwt-check.js';

beforeEach(() => keys.reset());

describe('a JWT with a good signature is refused if', () => {
  const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = (header: object, claims: string | Buffer): string => {
    const unsigned = `${encoded(header)}.${Buffer.from(claims).toString('base64url')}`;
    return `${unsigned}.${createHmac('sha256', SECRET).update(unsigned).digest('base64url')}`;
  };
  const headers = [{ alg: 'HS256', typ: 'JWT' }, { alg: 'HS256', typ: 'at+jwt' }, { alg: 'HS256' }];

  it.each([
    'null',
    '[]',
    '"ada"',
    '1',
    'text',
    '[{"sub":"ada"}]',
    JSON.stringify('{"sub":"ada"}'),
    '',
    '\ufeff{"sub":"ada","exp":1}',
    '\ufeff{"sub":"ada"}',
    '{"sub":"ada"}\u0000',
    '{"sub":"ada"}{}',
    '{"sub":"ada",}',
    "{'sub':'ada'}",
    Buffer.from('{"sub":"ada"}', 'utf16le'),
    Buffer.from([...Buffer.from('{"sub":"'), 0xff, ...Buffer.from('"}')]),
  ])('its claims are not a JSON object in UTF-8: %j', async (claims) => {
    const isRevoked = jest.fn(() => false);
    const refusals: UserJwtRefusal[] = [];
    const verifier = verifierWith({ isRevoked }, keys, refusals);
    for (const header of headers) {
      expect(await ask(verifier, signed(header, claims))).toBeUndefined();
    }
    expect(isRevoked).not.toHaveBeenCalled();
    expect(verifier.rememberedJwts).toBe(0);
    expect(refusals).toEqual(['malformed', 'malformed', 'malformed']);
  });

  it.each(['"2"', 'null', '{}', '[9999999999]', 'true', '-1', '0', '1.5', '1,"exp":1', '9999999999,"exp":1'])(
    'its exp is not a later time: %s',
    async (exp) => {
      const verifier = verifierWith();
      for (const header of headers) {
        expect(await ask(verifier, signed(header, `{"sub":"ada","exp":${exp}}`))).toBeUndefined();
      }
    },
  );

  it.each(['1e308', '1e999', '9999999999.5', '1,"exp":9999999999'])(
    'its exp is not a later time, and accepted with the later time %s',
    async (exp) => {
      const verifier = verifierWith();
      for (const header of headers) {
        const jwt = signed(header, `{"sub":"ada","exp":${exp}}`);
        expect(await ask(verifier, jwt)).toMatchObject({ sub: 'ada' });
        expect(await ask(verifier, jwt)).toMatchObject({ sub: 'ada' });
      }
      expect(verifier.rememberedJwts).toBe(3);
    },
  );

  it.each(['"1"', 'null', '99999999999', '1e999', '[1]'])(
    'its nbf is not an earlier time: %s',
    async (nbf) => {
      expect(
        await ask(verifierWith(), signed({ alg: 'HS256' }, `{"sub":"ada","nbf":${nbf}}`)),
      ).toBeUndefined();
    },
  );

  it.each([
    { crit: ['b64'] },
    { crit: [] },
    { crit: 'exp' },
    { crit: null },
    { b64: false },
    { crit: ['b64'], b64: true },
    { kid: 7 },
    { kid: { name: 'a' } },
    { alg: ['HS256'] },
  ])('its header has a member that is not supported: %j', async (named) => {
    const verifier = verifierWith();
    const header = { alg: 'HS256', typ: 'JWT' };
    const jwt = signed({ ...header, ...named }, '{"sub":"ada"}');
    expect(await ask(verifier, jwt)).toBeUndefined();
    expect(await ask(verifier, signed(header, '{"sub":"ada"}'))).toBeDefined();
  });
});

import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createHmac, createSecretKey, generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { SignJWT, type JWTPayload } from 'jose';
import type { Instant } from '../common/clock.js';
import { Sealed } from '../common/sealed.js';
import type { NudgeConnectionOptions } from '../options/connection.options.js';
import type { ResolvedUserJwtOptions } from '../options/resolve-user-jwt.js';
import type { UserJwtPayload } from '../options/user-jwt.options.js';
import { ManualClock } from '../testing/manual-clock.js';
import type { UserJwtRefusal } from './user-jwt-check.js';
import { UserJwtVerifier } from './user-jwt-verifier.js';
import type { UserKeys } from './user-keys.js';

const SECRET = createSecretKey(Buffer.from('obviously-fake-user-secret-0123456789abcdef'));
const OTHER_SECRET = createSecretKey(Buffer.from('another-obviously-fake-secret-0123456789'));
const REMEMBER_FOR_MS = 30_000;

/** Keys that a test can replace. They count how often a JWT had to be verified. */
class CountingKeys implements UserKeys {
  verifications = 0;

  constructor(public keys: readonly KeyObject[]) {}

  keysFor(): readonly KeyObject[] {
    this.verifications += 1;
    return this.keys;
  }

  trusts(key: KeyObject, _now: Instant): boolean {
    return this.keys.includes(key);
  }
}

const clock = new ManualClock();
let keys: CountingKeys;

function nowS(): number {
  return Math.floor(clock.now().wallMs / 1000);
}

function sign(
  claims: JWTPayload = {},
  { algorithm = 'HS256', key = SECRET }: { algorithm?: string; key?: KeyObject } = {},
): Promise<string> {
  return new SignJWT({ sub: 'ada', exp: nowS() + 3600, ...claims })
    .setProtectedHeader({ alg: algorithm })
    .sign(key);
}

function verifierWith(
  options: Partial<ResolvedUserJwtOptions> = {},
  itsKeys: UserKeys = keys,
  refusals: UserJwtRefusal[] = [],
): UserJwtVerifier {
  const defaults: ResolvedUserJwtOptions = {
    keys: [],
    jwksUri: undefined,
    connection: new Sealed<NudgeConnectionOptions>({}),
    algorithms: ['HS256'],
    issuer: undefined,
    audience: undefined,
    clockToleranceMs: 0,
    rememberForMs: REMEMBER_FOR_MS,
    isRevoked: undefined,
  };
  return new UserJwtVerifier({ ...defaults, ...options }, itsKeys, clock, (reason) => refusals.push(reason));
}

function ask(verifier: UserJwtVerifier, jwt: string): Promise<UserJwtPayload | undefined> {
  return Promise.resolve(verifier.verify({ headers: { authorization: `Bearer ${jwt}` } }));
}

beforeEach(() => {
  keys = new CountingKeys([SECRET]);
});

describe('a remembered JWT', () => {
  it('is found at once and not verified again until rememberForMs is over', async () => {
    const verifier = verifierWith();
    const jwt = await sign();
    expect(await ask(verifier, jwt)).toMatchObject({ sub: 'ada' });
    clock.advance(REMEMBER_FOR_MS - 1);
    expect(verifier.verify({ headers: { authorization: `Bearer ${jwt}` } })).toMatchObject({ sub: 'ada' });
    expect(await Promise.resolve(verifier.verify({ headers: { authorization: jwt } }))).toMatchObject({
      sub: 'ada',
    });
    expect(keys.verifications).toBe(1);
    clock.advance(1);
    expect(await ask(verifier, jwt)).toMatchObject({ sub: 'ada' });
    expect(keys.verifications).toBe(2);
  });

  it('expires by the clock that has gone further, the wall clock or the monotonic one', async () => {
    const verifier = verifierWith();
    const jwt = await sign();
    await ask(verifier, jwt);
    clock.stepWall(-REMEMBER_FOR_MS);
    clock.advance(REMEMBER_FOR_MS);
    await ask(verifier, jwt);
    expect(keys.verifications).toBe(2);
    clock.suspend(REMEMBER_FOR_MS);
    await ask(verifier, jwt);
    expect(keys.verifications).toBe(3);
  });

  it('is not kept if rememberForMs is 0', async () => {
    const verifier = verifierWith({ rememberForMs: 0 });
    const jwt = await sign();
    await ask(verifier, jwt);
    await ask(verifier, jwt);
    expect([keys.verifications, verifier.rememberedJwts]).toEqual([2, 0]);
  });

  it('ends in the second in which the JWT expires', async () => {
    const verifier = verifierWith({ rememberForMs: 300_000 });
    const jwt = await sign({ exp: nowS() + 20 });
    expect(await ask(verifier, jwt)).toBeDefined();
    clock.advance(20_000 - (clock.now().wallMs % 1000) - 1);
    expect(await ask(verifier, jwt)).toBeDefined();
    expect(keys.verifications).toBe(1);
    clock.advance(1);
    expect(await ask(verifier, jwt)).toBeUndefined();
    expect(verifier.rememberedJwts).toBe(0);
  });

  it('ends when the wall clock is set ahead past exp or back before nbf', async () => {
    const verifier = verifierWith({ rememberForMs: 300_000 });
    const expiring = await sign({ exp: nowS() + 20 });
    const beginning = await sign({ nbf: nowS() });
    expect(await ask(verifier, expiring)).toBeDefined();
    expect(await ask(verifier, beginning)).toBeDefined();
    clock.stepWall(-2000);
    expect(await ask(verifier, beginning)).toBeUndefined();
    expect(await ask(verifier, expiring)).toBeDefined();
    clock.stepWall(22_000);
    expect(await ask(verifier, expiring)).toBeUndefined();
  });

  it('ends at once when its key is replaced', async () => {
    const verifier = verifierWith();
    const [former, latter] = [await sign(), await sign({}, { key: OTHER_SECRET })];
    expect(await ask(verifier, former)).toBeDefined();
    keys.keys = [OTHER_SECRET];
    expect(await ask(verifier, former)).toBeUndefined();
    expect(await ask(verifier, latter)).toBeDefined();
    keys.keys = [SECRET];
    expect(await ask(verifier, latter)).toBeUndefined();
  });

  it('belongs to one user and one registration', async () => {
    const verifier = verifierWith();
    const other = verifierWith({}, new CountingKeys([OTHER_SECRET]));
    const [ada, bob] = [await sign({ sub: 'ada' }), await sign({ sub: 'bob' })];
    for (let round = 0; round < 3; round += 1) {
      expect(await ask(verifier, ada)).toMatchObject({ sub: 'ada' });
      expect(await ask(verifier, bob)).toMatchObject({ sub: 'bob' });
      expect(await ask(other, ada)).toBeUndefined();
    }
  });

  it.each([{ roles: undefined }, { roles: ['user'], nested: { tenant: { id: 1 } } }])(
    'gives every request a new object of claims: %j',
    async (claims) => {
      const verifier = verifierWith();
      const jwt = await sign({ ...claims, ['__proto__']: { isAdmin: true } });
      const first = Object(await ask(verifier, jwt)) as { sub?: string; roles?: string[]; nested?: unknown };
      const pristine = structuredClone(first);
      first.sub = 'root';
      first.roles?.push('admin');
      Object.assign(Object(first.nested), { tenant: 'other' });
      for (let round = 0; round < 2; round += 1) {
        const next = Object(await ask(verifier, jwt)) as {
          sub?: string;
          roles?: string[];
          isAdmin?: boolean;
        };
        expect(next).toEqual(pristine);
        expect(next.isAdmin).toBeUndefined();
        next.sub = 'root';
        next.roles?.push('admin');
      }
      expect(keys.verifications).toBe(1);
    },
  );

  it('calls isRevoked for every request with the claims of that request', async () => {
    let answer: unknown = false;
    const seen: unknown[] = [];
    const verifier = verifierWith({
      isRevoked: (payload) => {
        seen.push(payload['sub']);
        Reflect.set(payload, 'sub', 'changed by the host');
        return answer as boolean;
      },
    });
    const jwt = await sign();
    await ask(verifier, jwt);
    await ask(verifier, jwt);
    expect(seen).toEqual(['ada', 'ada']);
    answer = Promise.resolve(1);
    expect(await ask(verifier, jwt)).toBeUndefined();
    answer = false;
    expect(await ask(verifier, jwt)).toBeDefined();
    expect(keys.verifications).toBe(1);
  });
});

describe('a flood of JWTs', () => {
  it('that are bad is not remembered and pushes no good one out', async () => {
    const verifier = verifierWith();
    const good = await sign();
    await ask(verifier, good);
    const [head = '', claims = ''] = good.split('.');
    for (let index = 0; index < 20_000; index += 1) {
      // The signature has the right length but is wrong.
      const signature = Buffer.from(index.toString(36).padStart(32, 'A')).toString('base64url');
      const forged = `${head}.${claims}.${signature}`;
      // oxlint-disable-next-line no-await-in-loop -- the order is what is tested
      expect(await ask(verifier, forged)).toBeUndefined();
    }
    expect(verifier.rememberedJwts).toBe(1);
    await ask(verifier, good);
    expect(keys.verifications).toBe(20_001);
  });

  it('that are good takes bounded memory', async () => {
    const verifier = verifierWith();
    for (let index = 0; index < 10_200; index += 1) await ask(verifier, await sign({ jti: randomUUID() }));
    expect(verifier.rememberedJwts).toBe(10_000);
  });
});

describe('a bad JWT', () => {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const publicPem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

  it.each([
    { is: 'not valid yet', reason: 'not-yet-valid', sign: () => sign({ nbf: nowS() + 1 }) },
    { is: 'expired', reason: 'expired', sign: () => sign({ exp: nowS() }) },
    {
      is: 'from another issuer',
      reason: 'issuer',
      sign: () => sign({ aud: 'shop', iss: 'https://evil.example' }),
    },
    {
      is: 'for another audience',
      reason: 'audience',
      sign: () => sign({ iss: 'https://id.example', aud: 'other' }),
    },
    {
      is: 'unsigned',
      reason: 'malformed',
      sign: async () => `${encoded({ alg: 'none' })}.${encoded({ sub: 'ada' })}.`,
    },
    {
      is: 'without an algorithm but with a signature',
      reason: 'algorithm',
      sign: async () => `${encoded({ alg: 'none' })}.${encoded({})}.AAAA`,
    },
    {
      is: 'signed with an algorithm that is not allowed',
      reason: 'algorithm',
      sign: () => sign({}, { algorithm: 'HS384' }),
    },
    { is: 'without claims', reason: 'malformed', sign: async () => `${encoded({ alg: 'HS256' })}..AAAA` },
    { is: 'signed with another key', reason: 'signature', sign: () => sign({}, { key: OTHER_SECRET }) },
  ])('is refused every time and its reason is reported: $is', async (row) => {
    const refusals: UserJwtRefusal[] = [];
    const verifier = verifierWith({ issuer: 'https://id.example', audience: ['shop'] }, keys, refusals);
    const good = await sign({ iss: 'https://id.example', aud: 'shop' });
    const jwt = await row.sign();
    for (let round = 0; round < 2; round += 1) {
      expect(await ask(verifier, good)).toBeDefined();
      expect(await ask(verifier, jwt)).toBeUndefined();
    }
    expect(verifier.rememberedJwts).toBe(1);
    expect(refusals).toEqual([row.reason, row.reason]);
  });

  it('is reported with the reason that the right key gives', async () => {
    const refusals: UserJwtRefusal[] = [];
    keys.keys = [OTHER_SECRET, SECRET, pair.publicKey];
    await ask(verifierWith({}, keys, refusals), await sign({ exp: nowS() }));
    keys.keys = [];
    await ask(verifierWith({}, keys, refusals), await sign());
    keys.keys = [SECRET];
    await ask(verifierWith({ isRevoked: () => true }, keys, refusals), await sign());
    expect(refusals).toEqual(['expired', 'no-key', 'revoked']);
  });

  it('is reported for a header without a JWT, but not for a missing header', () => {
    const refusals: UserJwtRefusal[] = [];
    const verifier = verifierWith({}, keys, refusals);
    expect(verifier.verify({ headers: {} })).toBeUndefined();
    expect(verifier.verify({ headers: { authorization: 'Basic YTpi' } })).toBeUndefined();
    expect(refusals).toEqual(['malformed']);
  });

  it('is refused if a public key was used as the shared secret', async () => {
    keys.keys = [pair.publicKey];
    const secret = createSecretKey(Buffer.from(publicPem));
    for (const algorithms of [['RS256'], ['RS256', 'HS256'], ['HS256']] as const) {
      const verifier = verifierWith({ algorithms });
      expect(await ask(verifier, await sign({}, { key: secret }))).toBeUndefined();
    }
    expect(
      await ask(
        verifierWith({ algorithms: ['RS256'] }),
        await sign({}, { key: pair.privateKey, algorithm: 'RS256' }),
      ),
    ).toBeDefined();
  });

  it('is not read if the header is too long', async () => {
    const verifier = verifierWith();
    const jwt = await sign({ padding: 'x'.repeat(16_000) });
    expect(await ask(verifier, jwt)).toBeUndefined();
    for (const authorization of [
      'Bearer'.padEnd(100_000),
      `${'a'.repeat(50_000)}.b.c`,
      '.'.repeat(100_000),
    ]) {
      expect(verifier.verify({ headers: { authorization } })).toBeUndefined();
    }
    expect(keys.verifications).toBe(0);
  });

  describe('with a good signature is refused if', () => {
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

    it.each([
      '"2"',
      'null',
      '{}',
      '[9999999999]',
      'true',
      '-1',
      '0',
      '1.5',
      '1,"exp":1',
      '9999999999,"exp":1',
    ])('its exp is not a later time: %s', async (exp) => {
      const verifier = verifierWith();
      for (const header of headers) {
        expect(await ask(verifier, signed(header, `{"sub":"ada","exp":${exp}}`))).toBeUndefined();
      }
    });

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

  it('is refused if its signature is not encoded in the usual way', async () => {
    keys.keys = [pair.publicKey];
    const verifier = verifierWith({ algorithms: ['RS256'] });
    const jwt = await sign({}, { key: pair.privateKey, algorithm: 'RS256' });
    // The base64url text of 256 bytes ends in two characters, and four bits of the last one are unused.
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const spare = alphabet.charAt(alphabet.indexOf(jwt.at(-1) ?? '') + 1);
    expect(await ask(verifier, jwt.slice(0, -1) + spare)).toBeUndefined();
    expect(await ask(verifier, `${jwt}A`)).toBeUndefined();
    expect(await ask(verifier, jwt)).toBeDefined();
  });
});

describe('a good JWT', () => {
  it('is accepted if its issuer and one of its audiences are in the lists', async () => {
    const verifier = verifierWith({
      issuer: ['https://id.example', 'https://id2.example'],
      audience: ['shop', 'app'],
    });
    const iss = 'https://id2.example';
    expect(await ask(verifier, await sign({ iss, aud: ['other', 'app'] }))).toBeDefined();
    expect(await ask(verifier, await sign({ iss, aud: ['other'] }))).toBeUndefined();
    expect(await ask(verifier, await sign({ iss: 'https://id3.example', aud: 'app' }))).toBeUndefined();
  });

  it('may be 12 kB long', async () => {
    const groups = Array.from({ length: 300 }, (_, index) => `group-of-a-large-directory-${index}`);
    const jwt = await sign({ groups });
    expect(jwt.length).toBeGreaterThan(12_000);
    expect(await ask(verifierWith(), jwt)).toMatchObject({ groups });
  });

  it('fails with the error of isRevoked if that fails', async () => {
    const verifier = verifierWith({
      isRevoked: () => Promise.reject(new Error('the session store is down')),
    });
    const jwt = await sign();
    await expect(ask(verifier, jwt)).rejects.toThrow('the session store is down');
    await expect(ask(verifier, jwt)).rejects.toThrow('the session store is down');
  });
});

describe('with clockToleranceMs', () => {
  it('a JWT is accepted that much earlier and later, remembered or not', async () => {
    const verifier = verifierWith({ clockToleranceMs: 5_000, rememberForMs: 300_000 });
    const early = await sign({ nbf: nowS() + 6 });
    const late = await sign({ exp: nowS() + 20 });
    expect(await ask(verifier, early)).toBeUndefined();
    clock.advance(1_000);
    expect(await ask(verifier, early)).toBeDefined();
    clock.stepWall(-1_000);
    expect(await ask(verifier, early)).toBeUndefined();
    expect(await ask(verifier, late)).toBeDefined();
    clock.advance(25_000 - (clock.now().wallMs % 1000) - 1);
    expect(await ask(verifier, late)).toBeDefined();
    clock.advance(1);
    expect(await ask(verifier, late)).toBeUndefined();
  });

  it('a JWT that is 2 s early is accepted only if the tolerance is 2 s', async () => {
    const jwt = await sign({ nbf: nowS() + 2 });
    expect(await ask(verifierWith(), jwt)).toBeUndefined();
    expect(await ask(verifierWith({ clockToleranceMs: 2_000 }), jwt)).toBeDefined();
  });
});

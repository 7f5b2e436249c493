import { beforeEach, describe, expect, it } from '@jest/globals';
import { createHmac, createSecretKey, generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { SignJWT, type JWTPayload } from 'jose';
import type { Instant } from '../common/clock.js';
import type { ResolvedUserJwtOptions } from '../options/resolve-options.js';
import type { UserJwtPayload } from '../options/nudge-auth.options.js';
import { ManualClock } from '../testing/manual-clock.js';
import { UserJwtVerifier } from './user-jwt-verifier.js';
import type { UserKeys } from './user-keys.js';

const SECRET = createSecretKey(Buffer.from('obviously-fake-user-secret-0123456789abcdef'));
const OTHER_SECRET = createSecretKey(Buffer.from('another-obviously-fake-secret-0123456789'));
const TTL_MS = 30_000;

/** Keys that can be replaced, and that count how often a JWT had to be verified. */
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
): UserJwtVerifier {
  const defaults: ResolvedUserJwtOptions = {
    keys: [],
    jwksUri: undefined,
    algorithms: ['HS256'],
    issuer: undefined,
    audience: undefined,
    verdictTtlMs: TTL_MS,
    isRevoked: undefined,
  };
  return new UserJwtVerifier({ ...defaults, ...options }, itsKeys, clock);
}

function ask(verifier: UserJwtVerifier, jwt: string): Promise<UserJwtPayload | undefined> {
  return Promise.resolve(verifier.verify({ headers: { authorization: `Bearer ${jwt}` } }));
}

beforeEach(() => {
  keys = new CountingKeys([SECRET]);
});

describe('a remembered verdict', () => {
  it('is there at once, and spares the verification for as long as it may', async () => {
    const verifier = verifierWith();
    const jwt = await sign();
    expect(await ask(verifier, jwt)).toMatchObject({ sub: 'ada' });
    clock.advance(TTL_MS - 1);
    expect(verifier.verify({ headers: { authorization: `Bearer ${jwt}` } })).toMatchObject({ sub: 'ada' });
    expect(await Promise.resolve(verifier.verify({ headers: { authorization: jwt } }))).toMatchObject({
      sub: 'ada',
    });
    expect(keys.verifications).toBe(1);
    clock.advance(1);
    expect(await ask(verifier, jwt)).toMatchObject({ sub: 'ada' });
    expect(keys.verifications).toBe(2);
  });

  it('counts what has passed by the clock that went further', async () => {
    const verifier = verifierWith();
    const jwt = await sign();
    await ask(verifier, jwt);
    clock.stepWall(-TTL_MS);
    clock.advance(TTL_MS);
    await ask(verifier, jwt);
    expect(keys.verifications).toBe(2);
    clock.suspend(TTL_MS);
    await ask(verifier, jwt);
    expect(keys.verifications).toBe(3);
  });

  it('is not kept where verdictTtlMs is 0', async () => {
    const verifier = verifierWith({ verdictTtlMs: 0 });
    const jwt = await sign();
    await ask(verifier, jwt);
    await ask(verifier, jwt);
    expect([keys.verifications, verifier.rememberedVerdicts]).toEqual([2, 0]);
  });

  it('is over in the second in which the JWT expires', async () => {
    const verifier = verifierWith({ verdictTtlMs: 300_000 });
    const jwt = await sign({ exp: nowS() + 20 });
    expect(await ask(verifier, jwt)).toBeDefined();
    clock.advance(20_000 - (clock.now().wallMs % 1000) - 1);
    expect(await ask(verifier, jwt)).toBeDefined();
    expect(keys.verifications).toBe(1);
    clock.advance(1);
    expect(await ask(verifier, jwt)).toBeUndefined();
    expect(verifier.rememberedVerdicts).toBe(0);
  });

  it('is over when the wall clock is set ahead past the expiry, and when it is set back before nbf', async () => {
    const verifier = verifierWith({ verdictTtlMs: 300_000 });
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

  it('is gone at once when its key is replaced', async () => {
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
    const stranger = verifierWith({}, new CountingKeys([OTHER_SECRET]));
    const [ada, bob] = [await sign({ sub: 'ada' }), await sign({ sub: 'bob' })];
    for (let round = 0; round < 3; round += 1) {
      expect(await ask(verifier, ada)).toMatchObject({ sub: 'ada' });
      expect(await ask(verifier, bob)).toMatchObject({ sub: 'bob' });
      expect(await ask(stranger, ada)).toBeUndefined();
    }
  });

  it.each([{ roles: undefined }, { roles: ['user'], nested: { tenant: { id: 1 } } }])(
    'gives every request claims of its own: %j',
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

  it('asks isRevoked for every request, and gives it claims that are this request’s', async () => {
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

describe('a flood', () => {
  it('of bad JWTs is remembered by nobody and pushes no good one out', async () => {
    const verifier = verifierWith();
    const good = await sign();
    await ask(verifier, good);
    const [head = '', claims = ''] = good.split('.');
    for (let index = 0; index < 20_000; index += 1) {
      // A signature of the right length, and never the right one.
      const forged = `${head}.${claims}.${index.toString(36).padStart(43, 'A')}`;
      // oxlint-disable-next-line no-await-in-loop -- the order is what is tested
      expect(await ask(verifier, forged)).toBeUndefined();
    }
    expect(verifier.rememberedVerdicts).toBe(1);
    await ask(verifier, good);
    expect(keys.verifications).toBe(20_001);
  });

  it('of good ones is bounded', async () => {
    const verifier = verifierWith();
    for (let index = 0; index < 10_200; index += 1) await ask(verifier, await sign({ jti: randomUUID() }));
    expect(verifier.rememberedVerdicts).toBe(10_000);
  });
});

describe('a JWT that is not good', () => {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const publicPem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

  it.each([
    { is: 'not valid yet', sign: () => sign({ nbf: nowS() + 1 }) },
    { is: 'expired', sign: () => sign({ exp: nowS() }) },
    { is: 'of another issuer', sign: () => sign({ aud: 'shop', iss: 'https://evil.example' }) },
    { is: 'for another audience', sign: () => sign({ iss: 'https://id.example', aud: 'other' }) },
    { is: 'unsigned', sign: async () => `${encoded({ alg: 'none' })}.${encoded({ sub: 'ada' })}.` },
    { is: 'unsigned, with a signature', sign: async () => `${encoded({ alg: 'none' })}.${encoded({})}.AAAA` },
    { is: 'signed by an algorithm of another list', sign: () => sign({}, { algorithm: 'HS384' }) },
    { is: 'without claims', sign: async () => `${encoded({ alg: 'HS256' })}..AAAA` },
  ])('is refused every time: $is', async (row) => {
    const verifier = verifierWith({ issuer: 'https://id.example', audience: ['shop'] });
    const good = await sign({ iss: 'https://id.example', aud: 'shop' });
    const jwt = await row.sign();
    for (let round = 0; round < 2; round += 1) {
      expect(await ask(verifier, good)).toBeDefined();
      expect(await ask(verifier, jwt)).toBeUndefined();
    }
    expect(verifier.rememberedVerdicts).toBe(1);
  });

  it('is refused when a public key was taken for the shared secret', async () => {
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

  it('is not even looked at when the header is oversized', async () => {
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

  describe('although its signature is', () => {
    const signed = (header: object, claims: string): string => {
      const unsigned = `${encoded(header)}.${Buffer.from(claims).toString('base64url')}`;
      return `${unsigned}.${createHmac('sha256', SECRET).update(unsigned).digest('base64url')}`;
    };

    it.each(['null', '[]', '"ada"', '1', 'text', '[{"sub":"ada"}]', JSON.stringify('{"sub":"ada"}'), ''])(
      'has no claims: %s',
      async (claims) => {
        const verifier = verifierWith();
        expect(await ask(verifier, signed({ alg: 'HS256', typ: 'JWT' }, claims))).toBeUndefined();
        expect(verifier.rememberedVerdicts).toBe(0);
      },
    );

    it.each([[['b64']], [[]], ['exp'], [null]])(
      'asks for an extension that must be understood: %j',
      async (crit) => {
        const verifier = verifierWith();
        const jwt = signed({ alg: 'HS256', typ: 'JWT', crit }, '{"sub":"ada"}');
        expect(await ask(verifier, jwt)).toBeUndefined();
        expect(await ask(verifier, signed({ alg: 'HS256', typ: 'JWT' }, '{"sub":"ada"}'))).toBeDefined();
      },
    );
  });
});

import { beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import {
  ask,
  clock,
  CountingKeys,
  keys,
  nowS,
  OTHER_SECRET,
  REMEMBER_FOR_MS,
  SECRET,
  sign,
  verifierWith,
} from '../../test/support/user-jwt-verifiers.js';

beforeEach(() => keys.reset());

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

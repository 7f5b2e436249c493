import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { NudgeAuthModule, NudgeTokenService, type AuditRecord, type TenantConfig } from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { Host } from '../support/host.js';
import { PLATFORMS } from '../support/platforms.js';
import { userJwt } from '../support/users.js';

const KEYS = { acme: 'obviously-fake-key-of-acme', other: 'obviously-fake-key-of-other' };

describe.each(PLATFORMS)('the endpoint with tenants on %s', (platform) => {
  let nudge: NudgeEmulator;
  let host: Host;
  let lookedUp: string[] = [];

  beforeAll(async () => {
    nudge = await NudgeEmulator.start({ apiKeys: Object.values(KEYS) });
    host = await Host.start(platform, {
      nudge: {
        baseUrl: nudge.url,
        tenants: {
          id: (user) => (user as { id: string }).id,
          config: (tenant): TenantConfig | undefined => {
            lookedUp.push(tenant);
            const apiKey = new Map(Object.entries(KEYS)).get(tenant);
            // The lifetime is the only difference between the tokens of the emulator.
            if (apiKey === undefined) return undefined;
            return { apiKey, defaultExpiryMins: tenant === 'acme' ? 60 : 120 };
          },
        },
      },
    });
  });

  afterAll(async () => {
    await host.close();
    await nudge.stop();
  });

  beforeEach(() => {
    lookedUp = [];
  });

  const tokenOf = async (tenant: string, query = '', headers: Record<string, string> = {}) =>
    host.get(`/nudge/token${query}`, {
      ...headers,
      authorization: `Bearer ${await userJwt({ sub: tenant })}`,
    });

  it('takes the tenant from the verified user, and ignores a forged header or query', async () => {
    const acme = (await tokenOf('acme')).json()['token'];
    const other = (await tokenOf('other')).json()['token'];
    expect(acme).not.toBe(other);
    const forged = await tokenOf('acme', '?tenant=other&tenantId=other', {
      'x-tenant': 'other',
      tenant: 'other',
    });
    expect(forged.json()['token']).toBe(acme);
  });

  it('answers 403 for an unknown tenant and makes no call', async () => {
    const before = nudge.requests.length;
    const answers = await Promise.all([tokenOf('unknown'), tokenOf('unknown'), tokenOf('unknown')]);
    for (const answer of answers) {
      expect(answer.status).toBe(403);
      expect(answer.json()).toMatchObject({ code: 'NUDGE_UNKNOWN_TENANT' });
      expect(answer.headers['retry-after']).toBeUndefined();
    }
    expect(lookedUp).toEqual(['unknown']);
    expect(nudge.requests.length).toBe(before);
  });

  it('answers 400 for a user without a usable tenant', async () => {
    for (const id of ['', 'a\u0000b', 'a'.repeat(201)]) expect((await tokenOf(id)).status).toBe(400);
    expect(lookedUp).toEqual([]);
  });

  it('names the tenant in the records of the audit', async () => {
    const records: AuditRecord[] = [];
    const audited = await Host.start(platform, {
      nudge: {
        baseUrl: nudge.url,
        tenants: { id: (user) => (user as { id: string }).id, config: () => ({ apiKey: KEYS.acme }) },
        audit: {
          user: (user) => (user as { id: string }).id,
          onIssued: (batch) => void records.push(...batch),
        },
      },
    });
    const jwt = await userJwt({ sub: 'acme' });
    expect((await audited.get('/nudge/token', { authorization: `Bearer ${jwt}` })).status).toBe(200);
    // Closing the application delivers the records that wait.
    await audited.close();
    expect(records).toMatchObject([{ tenant: 'acme', user: 'acme', registration: 'default' }]);
  });

  it('counts the tenants that get no token and serves the others', async () => {
    const tokens = host.app.get(NudgeTokenService);
    await tokens.getToken({ tenant: 'acme' });
    nudge.setFault({ kind: 'status', status: 401, only: { apiKey: KEYS.other } });
    await tokens.invalidate({ tenant: 'other' });
    await expect(tokens.getToken({ tenant: 'other' })).rejects.toMatchObject({
      code: 'NUDGE_CREDENTIALS_REJECTED',
    });
    nudge.clearFaults();
    expect(tokens.status({ tenant: 'other' })).toMatchObject({ canServe: false, canRenew: false });
    expect(tokens.status({ tenant: 'acme' })).toMatchObject({ canServe: true, canRenew: true });
    expect(tokens.status()).toMatchObject({
      canServe: true,
      canRenew: false,
      tenants: { active: 2, cannotServe: 1 },
    });
  });

  it('refuses a call of the service that names no tenant', async () => {
    const tokens = host.app.get(NudgeTokenService);
    await expect(tokens.getToken()).rejects.toMatchObject({ code: 'NUDGE_INVALID_REQUEST' });
    await expect(tokens.getToken({ tenant: 'acme' })).resolves.toHaveProperty('token');
    expect(tokens.status({ tenant: 'acme' }).heldTokens).toBe(1);
  });
});

it('stops the boot if apiKey is given beside tenants', async () => {
  const options = { apiKey: KEYS.acme, tenants: { id: () => 'acme', config: () => undefined } };
  const module = NudgeAuthModule.forRoot(options as never);
  await expect(Host.start('express', { modules: [module] })).rejects.toThrow(
    /apiKey: has no meaning beside tenants/,
  );
});

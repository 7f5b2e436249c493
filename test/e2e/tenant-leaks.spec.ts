import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { TenantConfig } from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { request as httpRequest } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { Host } from '../support/host.js';
import { PLATFORMS } from '../support/platforms.js';
import { userJwt } from '../support/users.js';

/** Four that differ in case, Unicode form or a blank only from one of the others, and one that does not. */
const TENANTS = ['acme', 'Acme', 'acme ', 'caf\u00e9', 'cafe\u0301', 'globex'] as const;
/** In every tenant, and for as many minutes. */
const EQUAL_USER = 'ada';

/** Callers wait here until the gate is opened. */
class Gate {
  open: () => void = () => undefined;
  #reach: () => void = () => undefined;
  readonly #opened = new Promise<void>((resolve) => {
    this.open = resolve;
  });
  /** Resolves when the first has come. */
  readonly reached = new Promise<void>((resolve) => {
    this.#reach = resolve;
  });

  pass(): Promise<void> {
    this.#reach();
    return this.#opened;
  }
}

/** A GET with a body, which `fetch` refuses to make. */
function getWithBody(
  url: string,
  headers: Record<string, string>,
  body: string,
): Promise<{ readonly status: number | undefined; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const length = String(Buffer.byteLength(body));
    const sent = { ...headers, 'content-type': 'application/json', 'content-length': length };
    const request = httpRequest(url, { headers: sent, agent: false }, (response) => {
      readText(response).then((text) => resolve({ status: response.statusCode, text }), reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

describe.each(PLATFORMS)('tenants with equal users on %s', (platform) => {
  let nudge: NudgeEmulator;
  let host: Host;
  /** Which tenant the host finds for a session. */
  let tenantOf: Map<string, string>;
  /** What a session's tenant, or a tenant's config, waits for. */
  let gates: Map<string, Gate>;
  let asked: string[];

  beforeAll(async () => {
    const accounts = Object.fromEntries(
      TENANTS.map((_tenant, index) => [`account-${index}`, { apiKeys: [`obviously-fake-key-${index}`] }]),
    );
    nudge = await NudgeEmulator.start({ accounts, extIdClaim: 'ext' });
  });

  beforeEach(async () => {
    tenantOf = new Map(TENANTS.map((tenant) => [`session of ${tenant}`, tenant]));
    gates = new Map();
    asked = [];
    host = await Host.start(platform, {
      nudge: {
        baseUrl: nudge.url,
        scope: 'user',
        extId: () => EQUAL_USER,
        tenants: {
          id: async (user) => {
            const session = (user as { id: string }).id;
            const tenant = tenantOf.get(session) ?? '';
            await gates.get(session)?.pass();
            return tenant;
          },
          config: async (tenant): Promise<TenantConfig | undefined> => {
            asked.push(tenant);
            await gates.get(`config of ${tenant}`)?.pass();
            const index = (TENANTS as readonly string[]).indexOf(tenant);
            return index < 0 ? undefined : { apiKey: `obviously-fake-key-${index}` };
          },
        },
      },
    });
  });

  afterEach(async () => {
    await host.close();
  });

  afterAll(async () => {
    await nudge.stop();
  });

  /** The tenant whose account's key signed the token, and the user it is bound to. */
  function ownerOf(token: string): { tenant: string | undefined; user: unknown } {
    const { kid } = decodeProtectedHeader(token);
    const tenant = TENANTS.find((_tenant, index) => nudge.state.accounts[`account-${index}`]?.kid === kid);
    return { tenant, user: decodeJwt(token)['ext'] };
  }

  async function ownerFor(session: string): Promise<ReturnType<typeof ownerOf>> {
    const jwt = await userJwt({ sub: session });
    const answer = await host.get('/nudge/token', { authorization: `Bearer ${jwt}` });
    expect(answer.status).toBe(200);
    return ownerOf(String(answer.json()['token']));
  }

  it('gives each its own token where all ask at once, with one call for each tenant', async () => {
    const before = nudge.counters.byAccount;
    const sessions = Array.from({ length: 10 }, () => TENANTS).flat();
    const owners = await Promise.all(sessions.map((tenant) => ownerFor(`session of ${tenant}`)));
    expect(owners).toEqual(sessions.map((tenant) => ({ tenant, user: EQUAL_USER })));
    const calls = TENANTS.map((_tenant, index) => {
      const account = `account-${index}`;
      return (nudge.counters.byAccount[account] ?? 0) - (before[account] ?? 0);
    });
    expect(calls).toEqual(TENANTS.map(() => 1));
    expect(asked.toSorted()).toEqual([...TENANTS].toSorted());
  });

  it('gives each its own token where a config, or the tenant of a session, comes late', async () => {
    const [late, later] = [new Gate(), new Gate()];
    gates.set('config of acme', later);
    gates.set('session of Acme', late);
    const waiting = ['acme', 'Acme', 'acme'].map((tenant) => ownerFor(`session of ${tenant}`));
    expect(await ownerFor('session of globex')).toEqual({ tenant: 'globex', user: EQUAL_USER });
    late.open();
    expect(await ownerFor('session of caf\u00e9')).toEqual({ tenant: 'caf\u00e9', user: EQUAL_USER });
    later.open();
    expect((await Promise.all(waiting)).map(({ tenant }) => tenant)).toEqual(['acme', 'Acme', 'acme']);
  });

  it('follows a user who changes tenant within a session, also while the former one is being asked for', async () => {
    expect((await ownerFor('session of acme')).tenant).toBe('acme');
    tenantOf.set('session of acme', 'globex');
    expect((await ownerFor('session of acme')).tenant).toBe('globex');
    tenantOf.set('session of acme', 'acme');
    expect((await ownerFor('session of acme')).tenant).toBe('acme');

    const gate = new Gate();
    gates.set('config of Acme', gate);
    const underWay = ownerFor('session of Acme');
    await gate.reached;
    tenantOf.set('session of Acme', 'globex');
    expect((await ownerFor('session of Acme')).tenant).toBe('globex');
    gate.open();
    // It was the former tenant's when it came.
    expect((await underWay).tenant).toBe('Acme');
  });

  it('lets no header, query, body or path choose another tenant', async () => {
    const authorization = `Bearer ${await userJwt({ sub: 'session of acme', tenant: 'globex', tenantId: 'globex' })}`;
    const names = ['tenant', 'tenantId', 'tenant-id', 'x-tenant', 'x-tenant-id', 'x-account'];
    const forged = Object.fromEntries(names.map((name) => [name, 'globex']));
    const query = new URLSearchParams({ ...forged, user: 'globex', id: 'globex' }).toString();
    const headers = {
      ...forged,
      authorization,
      cookie: 'tenant=globex; tenantId=globex',
      'x-forwarded-host': 'globex.example',
      'x-forwarded-user': 'globex',
      host: 'globex.example',
    };
    for (const path of [
      '/nudge/token',
      `/nudge/token?${query}`,
      '/nudge/token?tenant[]=globex&tenant=globex',
    ]) {
      const answer = await getWithBody(host.url + path, headers, JSON.stringify(forged));
      expect(answer.status).toBe(200);
      expect(ownerOf(String(JSON.parse(answer.text).token))).toEqual({ tenant: 'acme', user: EQUAL_USER });
    }
    for (const path of ['/nudge/token/globex', '/globex/nudge/token', '/nudge/token;tenant=globex']) {
      expect((await getWithBody(host.url + path, headers, '')).status).toBe(404);
    }
    // A parameter of Nudge's own is not left unheard.
    expect((await getWithBody(`${host.url}/nudge/token?extId=globex`, headers, '')).status).toBe(400);
    expect(asked).toEqual(['acme']);
  });
});

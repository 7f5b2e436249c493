import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Module, Post } from '@nestjs/common';
import { NudgeAuthModule, NudgeTokenService } from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { MemoryTokenStore } from 'nestjs-nudge-auth/testing';
import { AsyncLocalStorage } from 'node:async_hooks';
import { spawn } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { systemClock } from '../../src/common/clock.js';
import type { TokenLease, TokenStore } from '../../src/store/token-store.js';
import { Host } from '../support/host.js';
import { PLATFORMS } from '../support/platforms.js';

const KEY = 'obviously-fake-private-key-of-the-contexts';

const ROOT = new URL('../../', import.meta.url);

/** A host application keeps the user, a trace or a tenant in such a store during a request. */
const currentUser = new AsyncLocalStorage<unknown>();

@Controller('contexts')
class ContextController {
  constructor(@Inject(NudgeTokenService) private readonly tokens: NudgeTokenService) {}

  @Get()
  async userAfterTheToken(): Promise<{ user: unknown }> {
    await this.tokens.getToken();
    return { user: currentUser.getStore() };
  }

  @Post('invalidation')
  async userAfterTheInvalidation(): Promise<{ user: unknown }> {
    await this.tokens.invalidate();
    return { user: currentUser.getStore() };
  }
}

/** A store that reports each call, so that the test can read the async context of the call. */
function watched(store: TokenStore, seen: (what: string) => void): TokenStore {
  return {
    read: (entry) => (seen('read'), store.read(entry)),
    acquire: async (entry) => {
      seen('acquire');
      const lease = await store.acquire(entry);
      if (lease === undefined) return undefined;
      return {
        ...lease,
        write: (record) => (seen('write'), lease.write(record)),
        release: () => (seen('release'), lease.release()),
      } satisfies TokenLease;
    },
    invalidate: (entry) => (seen('invalidate'), store.invalidate(entry)),
    untilChanged: (entry, timeoutMs) => (seen('untilChanged'), store.untilChanged(entry, timeoutMs)),
    close: () => store.close(),
  };
}

describe.each(PLATFORMS)('the async context of a user’s request on %s', (platform) => {
  let nudge: NudgeEmulator;
  let host: Host;
  let contexts: Map<string, Set<unknown>>;
  let key: () => string | Promise<string>;

  const seen = (what: string): void => {
    contexts.set(what, (contexts.get(what) ?? new Set()).add(currentUser.getStore()));
  };
  const seeCall = (message: unknown): void => {
    const { request } = message as { request: { path: string } };
    if (request.path.includes('/clients/jwt/token')) seen('HTTP client');
  };

  beforeAll(async () => {
    nudge = await NudgeEmulator.start({ apiKeys: [KEY] });
    subscribe('http.client.request.start', seeCall);
  });

  beforeEach(async () => {
    contexts = new Map();
    key = () => KEY;
    nudge.reset();
    nudge.setApiKeys([KEY]);
    @Module({ controllers: [ContextController] })
    class ContextModule {}
    host = await Host.start(platform, {
      modules: [
        NudgeAuthModule.forRoot({
          apiKey: () => {
            seen('apiKey');
            return key();
          },
          baseUrl: nudge.url,
          endpoint: false,
          isGlobal: true,
          http: { maxRetries: 1 },
          store: watched(new MemoryTokenStore(systemClock), seen),
        }),
        ContextModule,
      ],
      configure: (app) =>
        void app.use((request: IncomingMessage, _response: unknown, next: () => void) =>
          currentUser.run(request.headers['x-user'], next),
        ),
    });
    for (const level of ['log', 'warn', 'error'] as const) {
      const write = host.logger[level].bind(host.logger);
      host.logger[level] = (...args: Parameters<typeof write>) => {
        if (String(args.at(-1)).includes('NudgeAuthModule')) seen('log line');
        write(...args);
      };
    }
  });

  afterEach(() => host.close());

  afterAll(async () => {
    unsubscribe('http.client.request.start', seeCall);
    await nudge.stop();
  });

  const userAfter = async (user: string, path = '/contexts', method = 'GET'): Promise<unknown> => {
    const text = await new Promise<string>((resolve, reject) => {
      const headers = { 'x-user': user };
      const request = httpRequest(host.url + path, { method, headers, agent: false }, (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () => resolve(body));
      });
      request.on('error', reject);
      request.end();
    });
    return (JSON.parse(text) as { user?: unknown }).user;
  };

  it('is not visible in a shared renewal, and each waiting request keeps its own', async () => {
    nudge.setFault({ kind: 'latency', latencyMs: 50 });
    const users = ['ada', 'bob', 'eve'];
    expect(await Promise.all(users.map((user) => userAfter(user)))).toEqual(users);
    expect(nudge.requests).toHaveLength(1);
    expect([...contexts.keys()].toSorted()).toEqual(
      ['HTTP client', 'acquire', 'apiKey', 'read', 'release', 'write'].toSorted(),
    );
    for (const [what, who] of contexts) expect([what, ...who]).toEqual([what, undefined]);
  });

  it('is not visible in a retry, a log line or an invalidation', async () => {
    nudge.setFault({ kind: 'status', status: 503, times: 1 });
    expect(await userAfter('ada')).toBe('ada');
    nudge.setApiKeys(['obviously-fake-key-of-another-account']);
    expect(await userAfter('bob', '/contexts/invalidation', 'POST')).toBe('bob');
    await userAfter('eve');
    expect(nudge.requests.length).toBeGreaterThanOrEqual(3);
    expect([...contexts.keys()]).toEqual(expect.arrayContaining(['HTTP client', 'invalidate', 'log line']));
    for (const [what, who] of contexts) expect([what, ...who]).toEqual([what, undefined]);
  });

  it('is not replaced by a context that the apiKey function enters', async () => {
    const entered: unknown[] = [];
    key = () => {
      entered.push(currentUser.getStore());
      currentUser.enterWith('the secret manager');
      return KEY;
    };
    expect(await userAfter('ada')).toBe('ada');
    expect(await userAfter('bob', '/contexts/invalidation', 'POST')).toBe('bob');
    expect(await userAfter('eve')).toBe('eve');
    expect(entered).toEqual([undefined, undefined]);
  });

  it('is kept by nestjs-cls for the callers and is not visible in the renewal', async () => {
    await access(new URL('dist/index.js', ROOT));
    const program = new URL('support/cls-app.mjs', import.meta.url).pathname;
    const child = spawn(process.execPath, [program, platform, nudge.url, KEY], { cwd: ROOT });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await once(child, 'close');
    expect(JSON.parse(output)).toEqual({
      users: ['ada', 'bob'],
      contexts: { apiKey: ['none'], read: ['none'], request: ['none'] },
    });
  });
});

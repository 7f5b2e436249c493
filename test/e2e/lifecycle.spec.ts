import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { NudgeAuthModule, NudgeTokenService, type NudgeAuthModuleOptions } from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { MemoryTokenStore } from 'nestjs-nudge-auth/testing';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { systemClock } from '../../src/common/clock.js';
import { Secret } from '../../src/common/secret.js';
import { RecordingLogger } from '../support/recording-logger.js';

const KEY = 'obviously-fake-private-key-of-the-life-cycle';
const OTHER_KEY = 'obviously-fake-other-key-of-the-life-cycle';
const ROOT = new URL('../../', import.meta.url);

let nudge: NudgeEmulator;

beforeAll(async () => {
  nudge = await NudgeEmulator.start({ apiKeys: [KEY, OTHER_KEY] });
});

beforeEach(() => {
  nudge.reset();
  nudge.setApiKeys([KEY, OTHER_KEY]);
});

afterAll(() => nudge.stop());

interface App extends AsyncDisposable {
  readonly app: INestApplication;
  readonly tokens: NudgeTokenService;
  readonly logger: RecordingLogger;
}

async function boot(options: Partial<NudgeAuthModuleOptions> = {}): Promise<App> {
  const logger = new RecordingLogger();
  const settings = { apiKey: KEY, baseUrl: nudge.url, endpoint: false, http: { maxRetries: 0 }, ...options };
  const module = await Test.createTestingModule({
    imports: [NudgeAuthModule.forRoot(settings as NudgeAuthModuleOptions)],
  })
    .setLogger(logger)
    .compile();
  const app = module.createNestApplication({ logger });
  await app.init();
  return {
    app,
    logger,
    tokens: app.get(NudgeTokenService),
    [Symbol.asyncDispose]: () => app.close(),
  };
}

describe('the boot', () => {
  it('fetches nothing by default', async () => {
    await using app = await boot();
    expect(app.tokens.status()).toMatchObject({ heldTokens: 0, lastFailure: undefined });
    expect(nudge.requests).toHaveLength(0);
  });

  it('with warmUp background neither waits for a token nor fails without one', async () => {
    nudge.setFault({ kind: 'hang' });
    await using app = await boot({
      warmUp: 'background',
      http: { timeoutMs: 100, deadlineMs: 1_000, maxRetries: 0 },
    });
    await nudge.untilReceived(1);
    expect(app.tokens.status().heldTokens).toBe(0);
    nudge.setApiKeys([OTHER_KEY]);
    nudge.clearFaults();
    await using refused = await boot({ warmUp: 'background' });
    await nudge.untilReceived(2);
    expect(refused.tokens.status().heldTokens).toBe(0);
  });

  it('with warmUp required holds the first token', async () => {
    await using app = await boot({ warmUp: 'required' });
    expect(app.tokens.status()).toMatchObject({ heldTokens: 1, tokens: [{ expiryMins: 60 }] });
    await app.tokens.getToken();
    expect(nudge.requests).toHaveLength(1);
  });

  it('with warmUp required fails when Nudge refuses every key', async () => {
    nudge.setApiKeys(['obviously-fake-key-of-another-account']);
    await expect(boot({ warmUp: 'required', fallbackApiKey: OTHER_KEY })).rejects.toMatchObject({
      code: 'NUDGE_CREDENTIALS_REJECTED',
    });
    expect(nudge.requests).toHaveLength(2);
  });

  it('with warmUp required succeeds when Nudge accepts the fallback key', async () => {
    nudge.setApiKeys([OTHER_KEY]);
    await using app = await boot({ warmUp: 'required', fallbackApiKey: OTHER_KEY });
    expect(app.tokens.status()).toMatchObject({ heldTokens: 1, fallbackInUse: true });
  });

  it.each([
    { is: 'a 429', fault: { kind: 'rate-limit' } },
    { is: 'a 503', fault: { kind: 'status', status: 503 } },
    { is: 'a firewall', fault: { kind: 'firewall' } },
    { is: 'a dropped connection', fault: { kind: 'drop' } },
    { is: 'an answer that is not JSON', fault: { kind: 'not-json' } },
    { is: 'no answer', fault: { kind: 'hang' } },
  ] as const)('with warmUp required does not fail after $is', async ({ fault }) => {
    nudge.setFault(fault);
    await using app = await boot({
      warmUp: 'required',
      http: { timeoutMs: 100, deadlineMs: 1_000, maxRetries: 0 },
    });
    expect(app.tokens.status()).toMatchObject({ heldTokens: 0, lastFailure: { at: expect.any(Number) } });
  });
});

describe('a running application', () => {
  it('takes over a rotated key without a restart and keeps the tokens of the old key', async () => {
    let key = KEY;
    await using app = await boot({ apiKey: () => key });
    const first = await app.tokens.getToken();
    key = OTHER_KEY;
    nudge.setApiKeys([OTHER_KEY]);
    expect(await app.tokens.getToken()).toEqual(first);
    await app.tokens.getToken({ expiryMins: 30 });
    expect(
      app.tokens
        .status()
        .tokens.map(({ keyFingerprint }) => keyFingerprint)
        .toSorted(),
    ).toEqual([KEY, OTHER_KEY].map((each) => new Secret(each).fingerprint).toSorted());
    expect(nudge.requests).toHaveLength(2);
  });

  it('warns when it uses the fallback key, and the log holds no key', async () => {
    nudge.setApiKeys([OTHER_KEY]);
    await using app = await boot({ fallbackApiKey: OTHER_KEY });
    await app.tokens.getToken();
    expect(app.tokens.status().fallbackInUse).toBe(true);
    expect(app.logger.at('warn').join('\n')).toMatch(
      /fallback API key \(fingerprint [0-9a-f]{8}\) is in use/,
    );
    expect(app.logger.at('error').join('\n')).toMatch(/refuses the primary API key/);
    for (const { text } of app.logger.lines) expect(text).not.toMatch(new RegExp(`${KEY}|${OTHER_KEY}`));
  });

  it('sends nothing while it is switched off', async () => {
    let isEnabled = false;
    await using app = await boot({ enabled: () => isEnabled });
    await expect(app.tokens.getToken()).rejects.toMatchObject({ code: 'NUDGE_DISABLED' });
    expect(nudge.requests).toHaveLength(0);
    isEnabled = true;
    expect((await app.tokens.getToken()).token).toBeDefined();
  });
});

describe('closing the application', () => {
  it('waits for the renewal in flight and refuses new callers', async () => {
    nudge.setFault({ kind: 'latency', latencyMs: 50 });
    const app = await boot();
    const inFlight = app.tokens.getToken();
    await nudge.untilReceived(1);
    await app.app.close();
    expect((await inFlight).token).toBeDefined();
    await expect(app.tokens.getToken()).rejects.toMatchObject({ code: 'NUDGE_UNAVAILABLE' });
    expect(nudge.requests).toHaveLength(1);
  });

  it('closes the store after the last token is written to it', async () => {
    const order: string[] = [];
    const store = new MemoryTokenStore(systemClock);
    const acquire = store.acquire.bind(store);
    Object.assign(store, {
      acquire: async (entry: string) => {
        const lease = await acquire(entry);
        return lease === undefined
          ? undefined
          : { ...lease, write: (record: never) => (order.push('written'), lease.write(record)) };
      },
      close: async () => void order.push('closed'),
    });
    nudge.setFault({ kind: 'latency', latencyMs: 50 });
    const app = await boot({ store });
    const inFlight = app.tokens.getToken();
    await nudge.untilReceived(1);
    await app.app.close();
    await inFlight;
    expect(order.slice(0, 2)).toEqual(['written', 'closed']);
  });
});

describe('a process', () => {
  beforeAll(() => access(new URL('dist/index.js', ROOT)));

  /** Runs a script with the built package. Resolves when the process has ended by itself. */
  async function run(body: string): Promise<{ code: number | null; output: string }> {
    const script = `
      import 'reflect-metadata';
      import { Module } from '@nestjs/common';
      import { NestFactory } from '@nestjs/core';
      import { NudgeAuthModule, NudgeTokenService } from 'nestjs-nudge-auth';
      const [baseUrl, apiKey] = process.argv.slice(1);
      class AppModule {}
      const boot = async (options) => {
        Module({ imports: [NudgeAuthModule.forRoot({ apiKey, baseUrl, endpoint: false, ...options })] })(AppModule);
        return NestFactory.createApplicationContext(AppModule, { logger: false });
      };
      ${body}
    `;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script, nudge.url, KEY], {
      cwd: ROOT,
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, output };
  }

  it('that has fetched one token ends by itself, without closing the application', async () => {
    const { code, output } = await run(`
      const app = await boot({});
      console.log((await app.get(NudgeTokenService).getToken()).token.split('.').length);
    `);
    expect({ code, output }).toEqual({ code: 0, output: '3\n' });
  }, 60_000);

  it('ends after close, even if Nudge hangs and a background renewal is under way', async () => {
    nudge.setFault({ kind: 'hang' });
    const { code, output } = await run(`
      const http = { timeoutMs: 300, deadlineMs: 1000, maxRetries: 2 };
      const app = await boot({ warmUp: 'background', http });
      const waiting = app.get(NudgeTokenService).getToken().catch((error) => error.code);
      await app.close();
      console.log(await waiting);
    `);
    expect(code).toBe(0);
    expect(output).toMatch(/^NUDGE_(TIMEOUT|UNAVAILABLE)\n$/);
  }, 60_000);
});

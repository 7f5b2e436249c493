// beside: @opentelemetry/instrumentation-http, @opentelemetry/instrumentation-nestjs-core, @opentelemetry/sdk-trace-node
import { API_KEY, startNudge, userJwt, USER_JWT_SECRET } from '../support/environment.js';
import { SpanKind } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, beforeEach, describe, it } from 'node:test';
import { http, instrumentations } from '../snippets/tracing.js';
import { Module } from '@nestjs/common';
import { NudgeAuthModule } from 'nestjs-nudge-auth';
import type { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { PLATFORMS, Served } from '../support/served.js';

const USER = 'ada-of-the-traces';
const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });

function applicationFor(baseUrl: string): new () => object {
  @Module({
    imports: [
      NudgeAuthModule.forRoot({
        apiKey: API_KEY,
        baseUrl,
        scope: 'user',
        extId: (user) => (user as { sub: string }).sub,
        userJwt: { secret: USER_JWT_SECRET, algorithms: ['HS256'] },
      }),
    ],
  })
  class AppModule {}
  return AppModule;
}

describe('OpenTelemetry', () => {
  let nudge: NudgeEmulator;
  before(async () => {
    nudge = await startNudge();
    provider.register();
    for (const instrumentation of instrumentations) {
      instrumentation.setTracerProvider(provider);
      instrumentation.enable();
    }
    // The instrumentation patches Node's module when the module is required.
    createRequire(import.meta.url)('node:http');
  });
  beforeEach(() => {
    nudge.reset();
    exporter.reset();
  });
  after(async () => {
    for (const instrumentation of instrumentations) instrumentation.disable();
    await provider.shutdown();
    await nudge.stop();
  });

  for (const platform of PLATFORMS) {
    describe(platform, () => {
      /** What the traces of a request for a token say, without the server of the emulator, which runs here too. */
      async function recorded(): Promise<string> {
        await using served = await Served.start(platform, applicationFor(nudge.url));
        const answer = await served.get('/nudge/token', { authorization: `Bearer ${userJwt(USER)}` });
        assert.equal(answer.status, 200);
        const spans = exporter.getFinishedSpans().filter(({ kind }) => SpanKind[kind] !== 'SERVER');
        return JSON.stringify(spans.map(({ name, attributes }) => ({ name, attributes })));
      }

      it('records the extId of the user in the URL of the call to Nudge by default (the trap)', async () => {
        const config = http.getConfig();
        http.setConfig({});
        try {
          assert.match(await recorded(), new RegExp(`extId=${USER}`));
        } finally {
          http.setConfig(config);
        }
      });

      it('records neither extId nor key nor token with the instrumentations of the page', async () => {
        const spans = await recorded();
        assert.match(spans, /extId=REDACTED/);
        for (const secret of [USER, API_KEY, 'eyJ']) assert.ok(!spans.includes(secret), spans);
      });
    });
  }
});

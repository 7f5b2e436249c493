import 'reflect-metadata';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { NestInstrumentation } from '@opentelemetry/instrumentation-nestjs-core';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { register } from 'node:module';

/*
 * A host as OpenTelemetry's pages build it: first the SDK, which hooks into Node's http and Nest, then the application. It
 * prints the spans of a cold request and of one that waits with it, of a request that gets a held token, and of a rotation.
 */

register('@opentelemetry/instrumentation/hook.mjs', import.meta.url);
const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
provider.register();
const isOfUser = ({ url }) => !url.startsWith('/api/');
const http = new HttpInstrumentation({
  // The emulator and the users run in this process too.
  ignoreIncomingRequestHook: (request) => !isOfUser(request),
  ignoreOutgoingRequestHook: ({ path }) => !path.startsWith('/api/'),
  redactedQueryParams: ['extId'],
  requestHook: (span, { headers }) => {
    if (headers?.['x-user'] !== undefined) span.setAttribute('app.user', headers['x-user']);
  },
});
for (const instrumentation of [http, new NestInstrumentation()]) {
  instrumentation.setTracerProvider(provider);
  instrumentation.enable();
}

const { Module } = await import('@nestjs/common');
const { Test } = await import('@nestjs/testing');
const { NudgeAuthModule } = await import('nestjs-nudge-auth');
const { NudgeEmulator } = await import('nestjs-nudge-auth/emulator');
const { NudgeOtelModule } = await import('nestjs-nudge-auth/otel');
const { ManualClock } = await import('nestjs-nudge-auth/testing');
const { NUDGE_CLOCK } = await import('../../../dist/common/injection-tokens.js');
const { SignJWT } = await import('jose');
const { get } = await import('node:http');

const KEY = 'obviously-fake-private-key-of-the-traces';
const SECRET = 'obviously-fake-user-secret-0123456789abcdef';
const LATENCY_MS = 100;
const ROTATE_AFTER_MS = 60_000;
const HOUR_MS = 3_600_000;

const [scope] = process.argv.slice(2);
const clock = new ManualClock();
const nudge = await NudgeEmulator.start({ apiKeys: [KEY], clock });

class AppModule {}
Module({
  imports: [
    NudgeAuthModule.forRoot({
      apiKey: KEY,
      baseUrl: nudge.url,
      userJwt: { secret: SECRET, algorithms: ['HS256'] },
      ...(scope === 'user' ? { scope, extId: ({ sub }) => sub } : {}),
    }),
    NudgeOtelModule.forRoot(),
  ],
})(AppModule);
const testing = await Test.createTestingModule({ imports: [AppModule] })
  .setLogger(false)
  .overrideProvider(NUDGE_CLOCK)
  .useValue(clock)
  .compile();
const app = testing.createNestApplication({ logger: false });
let arrivals = 0;
app.use((_request, _response, next) => {
  arrivals += 1;
  next();
});
await app.listen(0, '127.0.0.1');
const url = `${await app.getUrl()}/nudge/token`;

async function ask(user) {
  const jwt = await new SignJWT({ sub: user })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime(Math.floor(clock.now().wallMs / 1_000) + 3_600)
    .sign(Buffer.from(SECRET));
  const headers = { authorization: `Bearer ${jwt}`, 'x-user': user };
  return new Promise((resolve, reject) => {
    get(url, { headers, agent: false }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode));
    }).on('error', reject);
  });
}

const phases = {};
async function phase(name, work) {
  await work();
  const spans = exporter.getFinishedSpans();
  exporter.reset();
  phases[name] = spans.map((span) => ({
    name: span.name,
    kind: span.kind,
    attributes: span.attributes,
    traceId: span.spanContext().traceId,
    spanId: span.spanContext().spanId,
    parentId: span.parentSpanContext?.spanId,
    links: span.links.map(({ context }) => context.spanId),
  }));
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function until(isSo) {
  while (!isSo()) await turn();
}

const renewals = () => exporter.getFinishedSpans().filter(({ name }) => name === 'nudge_auth.renew').length;

await phase('start', async () => undefined);
await phase('cold', async () => {
  // Both users ask before Nudge answers. Nudge answers once the test lets time pass.
  nudge.setFault({ kind: 'latency', latencyMs: LATENCY_MS });
  const asked = ask('ada');
  await nudge.untilReceived(1);
  const other = ask('bob');
  await until(() => arrivals === 2);
  if (scope === 'user') await nudge.untilReceived(2);
  else for (let turns = 0; turns < 100; turns += 1) await turn();
  clock.advance(LATENCY_MS);
  await Promise.all([asked, other]);
  nudge.clearFaults();
});
await phase('held', () => ask('bob'));
await phase('rotation', async () => {
  // In scope user the module renews a token after half of its life.
  clock.advance(scope === 'user' ? HOUR_MS / 2 : ROTATE_AFTER_MS);
  await ask('bob');
  await until(() => renewals() === 1);
});
await app.close();
await nudge.stop();
console.log(JSON.stringify(phases));

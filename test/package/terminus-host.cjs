/*
 * An application with health checks and the given version of terminus: `node terminus-host.cjs nestjs-terminus-11`. It
 * prints the result of a check before the first token and during an outage. It is a separate program, because jest in
 * ESM mode cannot load a CommonJS package that requires Nest 12. It needs a build.
 */
const Module = require('node:module');

const [, , terminus] = process.argv;
const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  return resolveFilename.call(this, request === '@nestjs/terminus' ? terminus : request, ...rest);
};

require('reflect-metadata');
const { NestFactory } = require('@nestjs/core');
const { TerminusModule } = require('@nestjs/terminus');
const { NudgeAuthModule, NudgeTokenService } = require('../../dist/cjs/index.js');
const { NudgeHealthIndicator } = require('../../dist/cjs/terminus/index.js');

class HealthModule {}

async function main() {
  const nudge = NudgeAuthModule.forRoot({
    apiKey: 'obviously-fake-private-key-of-a-health-check',
    baseUrl: 'http://127.0.0.1:9/api',
    endpoint: false,
    http: { maxRetries: 0 },
  });
  const root = { module: HealthModule, imports: [TerminusModule, nudge], providers: [NudgeHealthIndicator] };
  const app = await NestFactory.createApplicationContext(root, { logger: false });
  const health = app.get(NudgeHealthIndicator);
  const answers = [await health.check()];
  await app
    .get(NudgeTokenService)
    .getToken()
    .catch(() => undefined);
  answers.push(await health.check(), await health.check('nudge', { strict: true }));
  console.log(
    JSON.stringify(answers.map(({ nudge: { status, degraded, code } }) => ({ status, degraded, code }))),
  );
  await app.close();
}

void main();

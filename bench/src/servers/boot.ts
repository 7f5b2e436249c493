import 'reflect-metadata';

/** Reports when the process began to listen after its start, and how long the import of this module took; milliseconds. */
const { withModule } = JSON.parse(process.argv[2] ?? '{}') as { withModule: boolean };

const { Module } = await import('@nestjs/common');
const { NestFactory } = await import('@nestjs/core');
// Both applications have what a hand-written service for signed-in users needs anyway. Only the module differs.
await import('@nestjs/axios');
await import('@nestjs/passport');
await import('passport-jwt');

const importsAtMs = performance.now();
const nudge = withModule ? await import('#nudge-auth') : undefined;
const importMs = performance.now() - importsAtMs;
const imports = nudge
  ? [
      nudge.NudgeAuthModule.forRoot({
        apiKey: 'obviously-fake-private-key-for-benchmarks',
        baseUrl: 'http://127.0.0.1:9/api',
        userJwt: { secret: 'obviously-fake-user-secret-0123456789abcdef', algorithms: ['HS256'] },
      }),
    ]
  : [];

@Module({ imports })
class AppModule {}
const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
await app.listen(0, '127.0.0.1');
process.send?.(JSON.stringify({ listensAfterMs: performance.now(), importMs }));

import 'reflect-metadata';

/** Reports how many milliseconds after its start the process began to listen. */
const { withModule } = JSON.parse(process.argv[2] ?? '{}') as { withModule: boolean };

const { Module } = await import('@nestjs/common');
const { NestFactory } = await import('@nestjs/core');
await import('@nestjs/passport');
await import('passport-jwt');

// Both applications have what a host with signed-in users needs anyway. Only the module differs.
const imports = withModule
  ? [
      (await import('#nudge-auth')).NudgeAuthModule.forRoot({
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
process.send?.(performance.now());

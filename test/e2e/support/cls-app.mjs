import 'reflect-metadata';
import { Controller, Get, Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClsModule, ClsServiceManager } from 'nestjs-cls';
import { NudgeAuthModule, NudgeTokenService } from 'nestjs-nudge-auth';
import { MemoryTokenStore } from 'nestjs-nudge-auth/testing';
import { subscribe } from 'node:diagnostics_channel';

/*
 * An application with nestjs-cls, which jest cannot load beside Nest 12. Two users send a request at the same time. The
 * program prints the user in whose context each request ends, and the context in which the renewal ran.
 */

const [platform, baseUrl, apiKey] = process.argv.slice(2);
const { [platform === 'express' ? 'ExpressAdapter' : 'FastifyAdapter']: Adapter } = await import(
  `@nestjs/platform-${platform}`
);
const cls = ClsServiceManager.getClsService();
const contexts = {};
const seen = (what) => {
  const user = cls.isActive() ? cls.get('user') : 'none';
  contexts[what] = [...new Set([...(contexts[what] ?? []), user])];
};
const clock = {
  now: () => ({ wallMs: Date.now(), monotonicMs: performance.now() }),
  schedule: (delayMs, callback) => {
    const timer = setTimeout(() => callback(), delayMs);
    return () => clearTimeout(timer);
  },
};

class WatchedStore extends MemoryTokenStore {
  read(entry) {
    seen('read');
    return super.read(entry);
  }
}

class UserController {
  constructor(tokens) {
    this.tokens = tokens;
  }

  async user() {
    await this.tokens.getToken();
    return cls.get('user');
  }
}
Inject(NudgeTokenService)(UserController, undefined, 0);
Get()(UserController.prototype, 'user', Object.getOwnPropertyDescriptor(UserController.prototype, 'user'));
Controller('user')(UserController);

class AppModule {}
Module({
  imports: [
    ClsModule.forRoot({
      middleware: { mount: true, setup: (store, request) => store.set('user', request.headers['x-user']) },
    }),
    NudgeAuthModule.forRoot({
      apiKey: () => (seen('apiKey'), apiKey),
      baseUrl,
      endpoint: false,
      store: new WatchedStore(clock),
    }),
  ],
  controllers: [UserController],
})(AppModule);

subscribe('http.client.request.start', () => seen('request'));
const app = await NestFactory.create(AppModule, new Adapter(), { logger: false });
await app.listen(0, '127.0.0.1');
const url = `${await app.getUrl()}/user`;
const users = await Promise.all(
  ['ada', 'bob'].map(async (user) => (await fetch(url, { headers: { 'x-user': user } })).text()),
);
await app.close();
console.log(JSON.stringify({ users, contexts }));

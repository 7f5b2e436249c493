import { HttpStub, unreachableOrigin } from '../../support/http-stub.js';
import { withApp, withStub } from '../support/application.js';
import type { BrokenSetup } from '../support/stage.js';

const ANSWER_FAILS = { 'endpoint-answer': 'fail' } as const;

/** Setups without the route, or with something else in its place. */
export const ROUTE_SETUPS: readonly BrokenSetup[] = [
  {
    title: 'an application that does not run',
    shows: ANSWER_FAILS,
    says: /ECONNREFUSED.*Does the application run/,
    breakIt: async (stage) => void stage.argv.push('--endpoint', `${await unreachableOrigin()}/nudge/token`),
  },
  {
    title: 'a wrong path',
    shows: ANSWER_FAILS,
    says: /404: there is no such route.*global prefix/,
    async breakIt(stage) {
      await withApp(stage);
      stage.argv.push('--endpoint', String(stage.argv.at(-1)).replace('/nudge', '/api/nudge'));
    },
  },
  {
    title: 'a redirect',
    shows: ANSWER_FAILS,
    says: /redirects \(301\); the doctor does not follow it/,
    async breakIt(stage) {
      const elsewhere: string[] = [];
      const other = stage.use(
        await HttpStub.start((request, response) => {
          elsewhere.push(String(request.headers.authorization));
          response.end();
        }),
      );
      await withStub(stage, (_request, response) =>
        response.writeHead(301, { location: other.origin }).end(),
      );
      stage.atEnd(() => {
        if (elsewhere.length > 0) throw new Error('A redirect was followed');
      });
    },
  },
  {
    title: 'a page in place of the route',
    shows: ANSWER_FAILS,
    says: /200 with an HTML page.*single-page application/,
    breakIt: async (stage) =>
      void (await withStub(stage, (_request, response) =>
        response.setHeader('content-type', 'text/html').end('<html>'),
      )),
  },
  {
    title: 'a throttler that refuses every request',
    shows: ANSWER_FAILS,
    says: /429: a throttler/,
    breakIt: async (stage) =>
      void (await withStub(stage, (_request, response) => response.writeHead(429).end())),
  },
  {
    title: 'an application that hangs',
    shows: ANSWER_FAILS,
    says: /does not answer within 10 s.*SDKs give up/,
    async breakIt(stage) {
      const asked = new Promise<void>((resolve) => void withStub(stage, () => resolve()));
      await Promise.resolve();
      while (stage.environment['NUDGE_USER_JWT'] === undefined) await new Promise(setImmediate);
      return async () => {
        await asked;
        await stage.clock.advanceAsync(10_000);
      };
    },
  },
];

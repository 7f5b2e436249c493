import type { RequestListener } from 'node:http';
import { Host, type HostSettings } from '../../support/host.js';
import { HttpStub } from '../../support/http-stub.js';
import type { Platform } from '../../support/platforms.js';
import { userJwt } from '../../support/users.js';
import { PRIVATE_KEY, type Stage } from './stage.js';

export const PAGE = 'https://app.example';

/** Starts an application for this stage, and gives the doctor a user's JWT for it. */
export async function withApp(
  stage: Stage,
  settings: Partial<HostSettings> = {},
  platform: Platform = 'express',
): Promise<Host> {
  const nudge = { apiKey: PRIVATE_KEY, baseUrl: stage.nudge.url };
  const host = stage.use(await Host.start(platform, { nudge, ...settings }));
  stage.argv.push('--endpoint', `${host.url}/nudge/token`);
  await asUser(stage);
  return host;
}

/** Gives the doctor a user's JWT: a good one by default. */
export async function asUser(stage: Stage, jwt?: string): Promise<void> {
  stage.environment['NUDGE_USER_JWT'] = jwt ?? (await userJwt());
  stage.canaries.plant('user JWT', stage.environment['NUDGE_USER_JWT']);
}

/** Starts a stub in place of the application. */
export async function withStub(stage: Stage, listener: RequestListener): Promise<HttpStub> {
  const stub = stage.use(await HttpStub.start(listener));
  stage.argv.push('--endpoint', `${stub.origin}/nudge/token`);
  await asUser(stage);
  return stub;
}

/** The options of an application with these options for its endpoint. */
export const registration = (stage: Stage, endpoint: object): Pick<HostSettings, 'nudge'> => ({
  nudge: { apiKey: PRIVATE_KEY, baseUrl: stage.nudge.url, endpoint },
});

import { afterEach, beforeEach, jest } from '@jest/globals';
import { Catch, Injectable, type ArgumentsHost } from '@nestjs/common';
import { APP_FILTER, BaseExceptionFilter } from '@nestjs/core';
import { NudgeTokenService, type NudgeAuthModuleOptions } from 'nestjs-nudge-auth';
import { NUDGE_AUTH_OPTIONS } from '../../../src/common/injection-tokens.js';
import { Canaries, everythingSaidBy } from '../../support/canaries.js';
import type { Host, HostSettings, HttpResult } from '../../support/host.js';
import type { Platform } from '../../support/platforms.js';
import { USER_SECRET, userJwt } from '../../support/users.js';
import { hostsForEachTest } from './hosts.js';

export const API_KEY = 'canary+api/key=obviously~fake-0001';
export const FALLBACK_KEY = 'canary+fallback/key=obviously~fake-0002';
export const TOKEN = 'canaryheaderobviouslyfake.canarypayloadobviouslyfake.canarysignatureobviouslyfake';
export const PROXY_PASSWORD = 'canary-proxy-password-obviously-fake-0003';
export const OPTION = 'canary-option-obviously-fake-0004';

export const ECHO = `key ${API_KEY} and ${FALLBACK_KEY}, token ${TOKEN}`;

/** The exceptions that a filter of the host gets. */
const caught: unknown[] = [];

@Catch()
@Injectable()
class SpyFilter extends BaseExceptionFilter {
  override catch(exception: unknown, host: ArgumentsHost): void {
    caught.push(exception);
    // oxlint-disable-next-line promise/no-promise-in-callback, promise/valid-params -- this catch is a filter's method
    super.catch(exception, host);
  }
}

/** Starts hosts that hold secrets, and collects all output, so that a test can search it for the secrets. */
export class LeakSearch {
  readonly caught = caught;
  /** What the process has printed. */
  readonly printed: string[] = [];
  canaries = new Canaries();
  /** The JWT of the user who asks for a token. */
  jwt = '';
  readonly #startHost: (settings: HostSettings) => Promise<Host>;
  readonly #baseUrl: () => string;

  constructor(startHost: (settings: HostSettings) => Promise<Host>, baseUrl: () => string) {
    this.#startHost = startHost;
    this.#baseUrl = baseUrl;
  }

  async begin(): Promise<void> {
    this.caught.length = 0;
    this.printed.length = 0;
    this.jwt = await userJwt({ sub: 'canary-user' });
    this.canaries = new Canaries()
      .plant('the API key', API_KEY)
      .plant('the fallback API key', FALLBACK_KEY)
      .plant('the token', TOKEN)
      .plant("the user's JWT", this.jwt)
      .plant("the signature of the user's JWT", this.jwt.split('.')[2])
      .plant("the users' secret", USER_SECRET)
      .plant('the password of the proxy', PROXY_PASSWORD);
    this.#record(process.stdout);
    this.#record(process.stderr);
  }

  start(options: Partial<NudgeAuthModuleOptions> = {}): Promise<Host> {
    return this.#startHost({
      nudge: {
        apiKey: API_KEY,
        fallbackApiKey: FALLBACK_KEY,
        baseUrl: this.#baseUrl(),
        http: { maxRetries: 1 },
        userJwt: { secret: USER_SECRET, algorithms: ['HS256'] },
        ...options,
      } as NudgeAuthModuleOptions,
      modules: [],
      providers: [{ provide: APP_FILTER, useClass: SpyFilter }],
      random: () => 0,
    });
  }

  /** Gets a token over HTTP and from the service. Returns all output except a token that was handed out rightly. */
  async provoke(host: Host): Promise<{ answer: HttpResult; said: string }> {
    const answer = await host.get('/nudge/token', { authorization: `Bearer ${this.jwt}` });
    const service = host.app.get(NudgeTokenService);
    const outcome = await service.getToken({ forceRefresh: true }).catch((error: unknown) => error);
    const said = [
      JSON.stringify(answer.headers),
      everythingSaidBy(service),
      everythingSaidBy(service.status()),
    ];
    if (answer.status === 200) this.canaries.plant('the token handed out', String(answer.json()['token']));
    else said.push(answer.text);
    if (outcome instanceof Error) said.push(everythingSaidBy(outcome));
    else this.canaries.plant('the token fetched', (outcome as { token: string }).token);
    await host.close();
    said.push(
      everythingSaidBy(this.caught),
      everythingSaidBy(host.app.get(NUDGE_AUTH_OPTIONS)),
      JSON.stringify(host.logger.lines),
      this.printed.join('\n'),
    );
    return { answer, said: said.join('\n') };
  }

  #record(stream: NodeJS.WriteStream): void {
    jest.spyOn(stream, 'write').mockImplementation((text) => {
      this.printed.push(String(text));
      return true;
    });
  }
}

/** A search that begins anew before each test. It closes the hosts after each test. */
export function leakSearchForEachTest(platform: Platform, baseUrl: () => string): LeakSearch {
  const search = new LeakSearch(hostsForEachTest(platform), baseUrl);
  beforeEach(() => search.begin());
  afterEach(() => void jest.restoreAllMocks());
  return search;
}

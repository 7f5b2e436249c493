import { afterEach, beforeEach, expect } from '@jest/globals';
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { decodeJwt, type JWTPayload } from 'jose';
import { NudgeEmulator, type NudgeEmulatorOptions } from '../../src/emulator/index.js';
import { ManualClock } from '../../src/testing/manual-clock.js';

export const EMULATOR_KEY = 'canary-private-key';
export const NOW_MS = Date.UTC(2026, 0, 1, 12);
export const NOW_S = NOW_MS / 1000;

/** An answer of the emulator, which may have ended early. */
interface SeenAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The code of the error that ended the body early. */
  readonly brokenBy?: string;
}

/** An emulator with a manual clock, and a plain HTTP client for it. */
export class EmulatorClient {
  #started: { readonly nudge: NudgeEmulator; readonly clock: ManualClock } | undefined;

  static async start(options: NudgeEmulatorOptions = {}): Promise<EmulatorClient> {
    const client = new EmulatorClient();
    await client.restart(options);
    return client;
  }

  async restart(options: NudgeEmulatorOptions = {}): Promise<void> {
    await this.#started?.nudge.stop();
    const clock = new ManualClock(NOW_MS);
    const all = { apiKeys: [EMULATOR_KEY, 'second'], ...options, clock };
    this.#started = { nudge: await NudgeEmulator.start(all), clock };
  }

  get nudge(): NudgeEmulator {
    return this.#running.nudge;
  }

  get clock(): ManualClock {
    return this.#running.clock;
  }

  get #running() {
    if (this.#started === undefined) throw new Error('The emulator was not started');
    return this.#started;
  }

  /** Resolves when status and headers have arrived. */
  open(query = 'expiryMins=60', apikey = EMULATOR_KEY): Promise<IncomingMessage> {
    const url = `${this.nudge.url}/clients/jwt/token?${query}`;
    return new Promise((resolve, reject) => {
      httpRequest(url, { agent: false, headers: { apikey } }, resolve).on('error', reject).end();
    });
  }

  async get(query?: string, apikey?: string): Promise<SeenAnswer> {
    return readAnswer(await this.open(query, apikey));
  }

  /** Asks with these headers, or as another request than a GET. */
  ask(
    query = 'expiryMins=60',
    headers: RequestInit['headers'] = { apikey: EMULATOR_KEY },
    init: RequestInit = {},
  ): Promise<Response> {
    return fetch(`${this.nudge.url}/clients/jwt/token?${query}`, { headers, ...init });
  }

  async token(query?: string): Promise<string> {
    const answer = await this.get(query);
    if (answer.status !== 200) throw new Error(`Expected a token, got ${answer.body.toString()}`);
    return tokenOf(answer);
  }

  async statusOf(query?: string, apikey?: string): Promise<number> {
    return (await this.get(query, apikey)).status;
  }

  async claimsOf(query?: string): Promise<JWTPayload> {
    return decodeJwt(await this.token(query));
  }
}

export async function readAnswer(response: IncomingMessage): Promise<SeenAnswer> {
  const chunks: Buffer[] = [];
  const head = { status: response.statusCode ?? 0, headers: response.headers };
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
    return { ...head, body: Buffer.concat(chunks) };
  } catch (error) {
    return { ...head, body: Buffer.concat(chunks), brokenBy: (error as NodeJS.ErrnoException).code };
  }
}

export function tokenOf({ body }: SeenAnswer): string {
  return (JSON.parse(body.toString()) as { token: string }).token;
}

/** The client of an emulator that is restarted for every test of the file. */
export function emulatorForEachTest(): EmulatorClient {
  const client = new EmulatorClient();
  beforeEach(() => client.restart());
  afterEach(() => client.nudge.stop());
  return client;
}

export async function expectRefusal(
  pending: Promise<Response>,
  status: number,
  message: RegExp,
): Promise<Response> {
  const response = await pending;
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  expect(await response.json()).toEqual({ message: expect.stringMatching(message) });
  return response;
}

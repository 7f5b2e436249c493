import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

const USERS = 20;
const PAUSE_MS = 200;
const ANSWER_WITHIN_MS = 30_000;

/**
 * Demo only: plays many users. A browser sends its requests over a few connections, and so to a few processes. Here each
 * request has its own connection, as the requests of many users have.
 */
export class Crowd {
  #served = 0;
  #refused = 0;
  #asking: AbortController | undefined;
  #session: Promise<string> | undefined;

  /** @param url where the fleet listens */
  constructor(private readonly url: string) {}

  get isAsking(): boolean {
    return this.#asking !== undefined;
  }

  /** Requests that got a token. */
  get served(): number {
    return this.#served;
  }

  /** Requests that got none. */
  get refused(): number {
    return this.#refused;
  }

  /** Lets each of 20 users ask, wait for the answer, pause and ask again: at most 100 requests a second. */
  start(): void {
    if (this.#asking !== undefined) return;
    this.#asking = new AbortController();
    for (let user = 0; user < USERS; user += 1) void this.#askAgainAndAgain(this.#asking.signal);
  }

  stop(): void {
    this.#asking?.abort();
    this.#asking = undefined;
  }

  /** Asks for this many tokens at the same moment. */
  ask(count: number): void {
    for (let index = 0; index < count; index += 1) void this.#askForToken();
  }

  async #askAgainAndAgain(stopped: AbortSignal): Promise<void> {
    while (!stopped.aborted) {
      await this.#askForToken();
      await delay(PAUSE_MS);
    }
  }

  async #askForToken(): Promise<void> {
    try {
      this.#session ??= this.#signIn();
      const { status } = await this.#send('GET', '/nudge/token', `Bearer ${await this.#session}`);
      if (status === 200) this.#served += 1;
      else this.#refused += 1;
      if (status === 401) this.#session = undefined;
    } catch {
      // A killed process closes its connections. The next request reaches another process.
      this.#refused += 1;
      this.#session = undefined;
    }
  }

  async #signIn(): Promise<string> {
    const { body } = await this.#send('POST', '/demo/login');
    return (JSON.parse(body) as { accessToken: string }).accessToken;
  }

  async #send(
    method: string,
    path: string,
    authorization?: string,
  ): Promise<{ status: number; body: string }> {
    const request = httpRequest(this.url + path, {
      method,
      agent: false,
      headers: authorization === undefined ? {} : { authorization },
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return { status: response.statusCode ?? 0, body: await text(response) };
  }
}

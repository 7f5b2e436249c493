import { setTimeout as delay } from 'node:timers/promises';

const ASK_EVERY_MS = 250;

/** Demo only: a user who asks for a token four times a second. */
export class DemoUser {
  #isGone = false;

  constructor(private readonly app: string) {}

  async askUntilGone(): Promise<void> {
    let headers: Record<string, string> = {};
    while (!this.#isGone) {
      try {
        const answer = await fetch(`${this.app}/nudge/token`, { headers });
        await answer.arrayBuffer();
        if (answer.status === 401) headers = { authorization: `Bearer ${await this.#signIn()}` };
      } catch {
        // The application is closing and has closed its connections.
      }
      await delay(ASK_EVERY_MS);
    }
  }

  leave(): void {
    this.#isGone = true;
  }

  async #signIn(): Promise<string> {
    const body = new URLSearchParams({ username: 'ada', password: 'demo' });
    const answer = await fetch(`${this.app}/login`, { method: 'POST', body });
    return ((await answer.json()) as { accessToken: string }).accessToken;
  }
}

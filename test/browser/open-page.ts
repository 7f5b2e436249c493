import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { Example } from '../support/example.js';

/** Runs in the page, before its scripts: notes the client's requests by the page's own clock. */
const RECORDER = `
  window.recorded = { requests: [], tones: [], isDeaf: false };
  const realFetch = window.fetch;
  window.fetch = async (url, init = {}) => {
    // The demo's crowd sends requests of its own, without a signal.
    if (url !== '/nudge/token' || !init.signal) return realFetch(url, init);
    const request = { atMs: performance.now(), isOpen: true };
    window.recorded.requests.push(request);
    try {
      const response = await realFetch(url, window.recorded.isDeaf ? { ...init, signal: undefined } : init);
      request.status = response.status;
      request.retryAfterS = Number(response.headers.get('Retry-After'));
      if (response.ok) request.token = (await response.clone().json()).token;
      return response;
    } finally {
      request.isOpen = false;
    }
  };
`;

const TONES = `
  const status = document.getElementById('status');
  const note = () => {
    if (window.recorded.tones.at(-1) !== status.dataset.tone) window.recorded.tones.push(status.dataset.tone);
  };
  note();
  new MutationObserver(note).observe(status, { attributes: true });
`;

/** Answers come from the real network: lets the page take what has arrived. */
const SETTLED = `(async () => {
  for (let turn = 0; turn < 50; turn += 1) await null;
  return window.recorded.requests.some(({ isOpen }) => isOpen);
})()`;

/** A request of the client, as the page saw it. */
export interface RecordedRequest {
  /** By the page's monotonic clock. */
  readonly atMs: number;
  readonly isOpen: boolean;
  /** `undefined` if there was no answer. */
  readonly status?: number;
  readonly retryAfterS?: number;
  readonly token?: string;
}

export interface PageSettings extends BrowserContextOptions {
  /** How wrong the device's wall clock is. */
  readonly clockOffsetMs?: number;
}

/** The example in a process of its own, and its page in a browser, whose time passes when it is told to. */
export class OpenPage {
  readonly errors: string[] = [];

  private constructor(
    readonly example: Example,
    readonly url: string,
    readonly context: BrowserContext,
    readonly page: Page,
  ) {
    page.on('pageerror', (error) => this.errors.push(error.message));
  }

  static async open(
    browser: Browser,
    { clockOffsetMs = 0, ...options }: PageSettings = {},
  ): Promise<OpenPage> {
    const example = new Example('0');
    try {
      const { page: url } = await example.banner();
      const context = await browser.newContext(options);
      // Sooner than the test runner, so that a failure says what was waited for.
      context.setDefaultTimeout(15_000);
      const page = await context.newPage();
      const opened = new OpenPage(example, url, context, page);
      await page.clock.install({ time: Date.now() + clockOffsetMs });
      await page.addInitScript({ content: RECORDER });
      await page.goto(url);
      return opened;
    } catch (error) {
      await example.kill('SIGKILL');
      throw error;
    }
  }

  async click(name: string): Promise<void> {
    await this.page.getByRole('button', { name, exact: true }).click();
  }

  /** Resolves once the page's headline is this. */
  async shows(headline: string): Promise<void> {
    await this.page.locator('#headline', { hasText: headline }).waitFor();
  }

  text(id: string): Promise<string> {
    return this.page.locator(`#${id}`).innerText();
  }

  /** Time passes in the page, in one leap as after a nap. */
  async pass(ms: number): Promise<void> {
    await this.page.clock.fastForward(ms);
    await this.settle();
  }

  /** Time passes in the page, moment by moment as on a page that is looked at. */
  async passSmoothly(ms: number): Promise<void> {
    await this.page.clock.runFor(ms);
    await this.settle();
  }

  /** Until every request has its answer. */
  async settle(): Promise<void> {
    while (await this.page.evaluate<boolean>(SETTLED));
  }

  requests(): Promise<RecordedRequest[]> {
    return this.page.evaluate<RecordedRequest[]>('window.recorded.requests');
  }

  /** Resolves once the client has sent so many requests in all, and has their answers. */
  async sent(count: number): Promise<RecordedRequest[]> {
    for (;;) {
      await this.settle();
      const requests = await this.requests();
      if (requests.length >= count && !requests.some(({ isOpen }) => isOpen)) return requests;
    }
  }

  /** As when another tab is looked at: headless browsers hide none by themselves. */
  async setHidden(isHidden: boolean): Promise<void> {
    await this.page.evaluate(`
      Object.defineProperty(document, 'hidden', { configurable: true, value: ${isHidden} });
      Object.defineProperty(document, 'visibilityState', {
        configurable: true,
        value: '${isHidden ? 'hidden' : 'visible'}',
      });
      document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
    `);
    await this.settle();
  }

  /** From now on, keeps every tone of the status that the page shows. */
  async watchTones(): Promise<void> {
    await this.page.evaluate(TONES);
  }

  tones(): Promise<string[]> {
    return this.page.evaluate<string[]>('window.recorded.tones');
  }

  /** The demo's own routes, past the page. */
  async demo(route: string, body: unknown): Promise<void> {
    const answer = await fetch(`${this.url}/demo/${route}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`/demo/${route} answered ${answer.status}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.context.close();
    await this.example.kill('SIGKILL');
  }
}

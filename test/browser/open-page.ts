import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { Example } from '../support/example.js';

/** Runs in the page before its scripts: records the client's requests with the time of the page's clock. */
const RECORDER = `
  window.recorded = { requests: [], tones: [], ignoresAbort: false };
  const realFetch = window.fetch;
  window.fetch = async (url, init = {}) => {
    // The demo's crowd also sends requests; they have no signal.
    if (url !== '/nudge/token' || !init.signal) return realFetch(url, init);
    const request = { atMs: performance.now(), isOpen: true };
    window.recorded.requests.push(request);
    try {
      const response = await realFetch(url, window.recorded.ignoresAbort ? { ...init, signal: undefined } : init);
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

/** Answers come from the real network: lets the page read the answers that have arrived. */
const SETTLED = `(async () => {
  for (let turn = 0; turn < 50; turn += 1) await null;
  return window.recorded.requests.some(({ isOpen }) => isOpen);
})()`;

/** A request of the client, as the page recorded it. */
export interface RecordedRequest {
  /** Milliseconds of the page's monotonic clock. */
  readonly atMs: number;
  readonly isOpen: boolean;
  /** `undefined` if no answer came. */
  readonly status?: number;
  readonly retryAfterS?: number;
  readonly token?: string;
}

export interface PageSettings extends BrowserContextOptions {
  /** By how many milliseconds the device's wall clock is ahead. */
  readonly clockOffsetMs?: number;
}

/** The example in a separate process, and its page in a browser. The page's time passes only when the test says so. */
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
      // Shorter than the test runner's limit, so that the error says what the test waited for.
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

  /** Resolves when the page shows this headline. */
  async shows(headline: string): Promise<void> {
    await this.page.locator('#headline', { hasText: headline }).waitFor();
  }

  text(id: string): Promise<string> {
    return this.page.locator(`#${id}`).innerText();
  }

  /** Lets time pass in the page in one leap, as when a device has slept. */
  async pass(ms: number): Promise<void> {
    await this.page.clock.fastForward(ms);
    await this.settle();
  }

  /** Lets time pass in the page moment by moment, as while the user looks at the page. */
  async passSmoothly(ms: number): Promise<void> {
    await this.page.clock.runFor(ms);
    await this.settle();
  }

  /** Waits until every request has its answer. */
  async settle(): Promise<void> {
    while (await this.page.evaluate<boolean>(SETTLED));
  }

  requests(): Promise<RecordedRequest[]> {
    return this.page.evaluate<RecordedRequest[]>('window.recorded.requests');
  }

  /** Resolves when the client has sent this many requests in all, and has their answers. */
  async sent(count: number): Promise<RecordedRequest[]> {
    for (;;) {
      await this.settle();
      const requests = await this.requests();
      if (requests.length >= count && !requests.some(({ isOpen }) => isOpen)) return requests;
    }
  }

  /** Hides or shows the page, as when the user changes tabs: a headless browser never does so itself. */
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

  /** From now on, records every tone of the status that the page shows. */
  async watchTones(): Promise<void> {
    await this.page.evaluate(TONES);
  }

  tones(): Promise<string[]> {
    return this.page.evaluate<string[]>('window.recorded.tones');
  }

  /** Calls one of the demo's routes directly, without the page. */
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

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join, normalize } from 'node:path';
import { chromium } from 'playwright-core';

const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome'].map((name) => `/usr/bin/${name}`);
const POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; worker-src 'self'";

const IMPORT = `import { createRefreshToken } from '/package/esm/index.js';
const headers = () => ({ Authorization: 'Bearer user' });`;
const SCRIPTS = {
  '/page.js': `${IMPORT}
    window.createRefreshToken = createRefreshToken;
    window.refreshToken = createRefreshToken({ endpoint: '/nudge/token', headers });
    addEventListener('pageshow', ({ persisted }) => { window.wasCached = persisted; });`,
  '/worker.js': `${IMPORT}
    postMessage(await createRefreshToken({ endpoint: '/nudge/token', headers })());`,
  '/service-worker.js': `${IMPORT}
    const refreshToken = createRefreshToken({ endpoint: '/nudge/token', headers });
    addEventListener('message', (event) => {
      event.waitUntil(refreshToken().then((token) => event.ports[0].postMessage(token)));
    });`,
};

/** A page in a real browser. It loads the installed package from a server that runs for this page only. */
export class ClientPage {
  violations = [];
  #folder;
  #server;
  #browser;
  #page;
  #count = 0;

  static async open(folder) {
    const opened = new ClientPage();
    opened.#folder = folder;
    opened.#server = createServer((request, response) => void opened.#answer(request, response));
    await new Promise((resolve) => opened.#server.listen(0, '127.0.0.1', resolve));
    const executablePath = BROWSERS.find((path) => existsSync(path));
    if (!executablePath) throw new Error('no browser: apt-get install chromium');
    opened.#browser = await chromium.launch({
      executablePath,
      args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run'],
      ignoreDefaultArgs: ['--disable-back-forward-cache'],
    });
    opened.#page = await opened.#browser.newPage();
    opened.#page.on('console', (message) => {
      if (message.type() === 'error') opened.violations.push(message.text());
    });
    await opened.#load();
    return opened;
  }

  async close() {
    await this.#browser.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  ask() {
    return this.#page.evaluate(() => window.refreshToken());
  }

  askAt(endpoint) {
    return this.#page.evaluate(async (path) => {
      const events = [];
      const onEvent = (event) => events.push(event);
      const answer = await window.createRefreshToken({ endpoint: path, onEvent })();
      return { answer, type: events[0].type, status: events[0].status };
    }, endpoint);
  }

  askWorker() {
    return this.#page.evaluate(
      () =>
        new Promise((resolve, reject) => {
          const worker = new Worker('/worker.js', { type: 'module' });
          worker.addEventListener('message', ({ data }) => resolve(data));
          worker.addEventListener('error', reject);
        }),
    );
  }

  askServiceWorker() {
    return this.#page.evaluate(async () => {
      await navigator.serviceWorker.register('/service-worker.js', { type: 'module' });
      const { active } = await navigator.serviceWorker.ready;
      const { port1, port2 } = new MessageChannel();
      const answer = new Promise((resolve) => {
        port1.addEventListener('message', ({ data }) => resolve(data));
        port1.start();
      });
      active.postMessage('ask', [port2]);
      return answer;
    });
  }

  async leaveAndReturn() {
    await this.#page.goto(`${this.#url}/other`);
    // A page from the back/forward cache does not load again.
    await this.#page.goBack({ waitUntil: 'commit' });
    await this.#page.waitForFunction(() => 'wasCached' in window);
    const wasCached = await this.#page.evaluate(() => window.wasCached);
    return { wasCached, hasToken: (await this.ask()) !== null };
  }

  get #url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  async #load() {
    await this.#page.goto(this.#url);
    await this.#page.waitForFunction(() => 'refreshToken' in window);
  }

  async #answer({ url }, response) {
    const send = (type, body) => {
      response.writeHead(200, { 'Content-Type': type, 'Content-Security-Policy': POLICY }).end(body);
    };
    if (url === '/') send('text/html', '<!doctype html><script type="module" src="/page.js"></script>');
    else if (url === '/other' || url === '/portal')
      send('text/html', '<!doctype html><title>Welcome</title>');
    else if (url === '/empty') response.writeHead(204).end();
    else if (url in SCRIPTS) send('text/javascript', SCRIPTS[url]);
    else if (url === '/nudge/token') {
      this.#count += 1;
      send(
        'application/json',
        JSON.stringify({ token: `token ${this.#count}`, expiresIn: 3600, refreshIn: 3000 }),
      );
    } else if (url.startsWith('/package/')) {
      send('text/javascript', await readFile(join(this.#folder, normalize(url.slice('/package'.length)))));
    } else response.writeHead(404).end();
  }
}

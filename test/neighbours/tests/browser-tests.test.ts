// beside: playwright-core, cookie-parser
import { userJwt } from '../support/environment.js';
import { describe } from 'node:test';
import { testInBrowser } from '../snippets/browser-tests.js';

process.env['CHROMIUM'] ??= '/usr/bin/chromium';

describe("the host's own tests in a browser", () => {
  testInBrowser(() => userJwt());
});

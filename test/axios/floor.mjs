// Finds the oldest safe version of axios: `npm run axios:floor`, or `npm run axios:floor -- 1.19.0 1.20.0`.
// It tests axios alone. test/axios/key-leaks.spec.ts tests this package with the installed version.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { findKeyLeaks, routesOfKeys } from './key-leaks.mjs';

/**
 * The names that axios can guard against. Node itself reads the others, and src/vendor/axios-instance.ts guards against
 * them.
 */
const IS_READ_BY_AXIOS = ([name]) =>
  !['_defaultAgent', 'ca', 'checkServerIdentity', 'rejectUnauthorized', 'servername'].includes(name);

const npm = (...args) =>
  execFileSync('npm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

function releasesFrom1_16() {
  const all = JSON.parse(npm('view', 'axios', 'versions', '--json'));
  return all.filter((version) => /^1\.(1[6-9]|[2-9]\d)\.\d+$/.test(version));
}

const client = `
import axios from 'axios';
import { Agent } from 'node:https';
export function connect({ url, proxy, httpsAgent = new Agent() }) {
  const direct = new URL(url).hostname === '127.0.0.1';
  const instance = axios.create({ adapter: 'http', maxRedirects: 0, httpsAgent, proxy: direct ? false : proxy });
  return (to, config) => instance.get(to, config);
}`;

for (const version of process.argv.length > 2 ? process.argv.slice(2) : releasesFrom1_16()) {
  const folder = mkdtempSync(join(tmpdir(), 'axios-floor-'));
  try {
    npm('install', '--prefix', folder, '--silent', '--no-audit', '--no-fund', `axios@${version}`);
    const path = join(folder, 'client.mjs');
    writeFileSync(path, client);
    const { href } = pathToFileURL(path);
    const faults = await findKeyLeaks(href, IS_READ_BY_AXIOS);
    if (!(await routesOfKeys(href)).delivered.includes('TLS in a tunnel')) {
      faults.push("axios ignores the agent's certificates in a proxy's tunnel");
    }
    console.log(
      version,
      faults.length === 0
        ? 'is safe'
        : `fails ${faults.length} times, for example: ${faults.slice(0, 2).join('; ')}`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

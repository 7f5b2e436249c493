/*
 * Runs the example with the given command line, as a reader of the README does: opens the page, signs in, fetches a
 * token, and presses Ctrl-C. The example must then end with one of the exit codes that follow the command.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

const START_TIMEOUT_MS = 240_000;
const STOP_TIMEOUT_MS = 15_000;

const [command, ...goodExitCodes] = process.argv.slice(2);
// A separate process group, as in a terminal, so that Ctrl-C reaches all processes.
const example = spawn('bash', ['-c', command], {
  detached: true,
  env: { ...process.env, PORT: '0' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const group = -Number(example.pid);
const exited = once(example, 'exit');
const interrupt = (signal) => {
  try {
    process.kill(group, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
};
process.once('exit', () => interrupt('SIGKILL'));

async function pageUrl() {
  let printed = '';
  for await (const chunk of example.stdout.setEncoding('utf8')) {
    process.stdout.write(chunk);
    printed += chunk;
    const url = /http:\/\/127\.0\.0\.1:\d+(?=\/?\s)/.exec(printed)?.[0];
    if (url !== undefined) return url;
  }
  throw new Error('The example ended before it printed the URL of its page');
}

/** Resolves when all processes have ended: the shell may end before the processes that it started. */
async function groupEnded() {
  for (;;) {
    try {
      process.kill(group, 0);
    } catch {
      return;
    }
    await delay(50);
  }
}

async function within(timeoutMs, what, work) {
  const timer = new AbortController();
  const late = delay(timeoutMs, undefined, { signal: timer.signal }).then(
    () => Promise.reject(new Error(`${what} took longer than ${timeoutMs} ms`)),
    () => undefined,
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}

const url = await within(START_TIMEOUT_MS, 'The start', pageUrl());
example.stdout.pipe(process.stdout);

const page = await fetch(url);
assert.equal(page.status, 200);
assert.match(page.headers.get('content-type'), /text\/html/);

assert.equal((await fetch(`${url}/nudge/token`)).status, 401);

const login = await fetch(`${url}/login`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ username: 'ada', password: 'demo' }),
});
assert.equal(login.status, 200);
const { accessToken } = await login.json();

const answer = await fetch(`${url}/nudge/token`, { headers: { authorization: `Bearer ${accessToken}` } });
assert.equal(answer.status, 200);
assert.equal(answer.headers.get('cache-control'), 'private, no-store');
const { token, expiresIn } = await answer.json();
assert.equal(token.split('.').length, 3);
console.log(`A token that lives for ${expiresIn} s was served.`);

interrupt('SIGINT');
const [code, signal] = await within(STOP_TIMEOUT_MS, 'The end after Ctrl-C', exited);
const exitCode = code ?? 128 + constants.signals[signal];
assert.ok(goodExitCodes.includes(String(exitCode)), `Ctrl-C ended the example with exit code ${exitCode}`);
await within(STOP_TIMEOUT_MS, 'The end of all its processes', groupEnded());
console.log('Ctrl-C ended it.');

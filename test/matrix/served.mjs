/* Checks that an application serves: it boots, hands out a token, renews it, and ends on SIGTERM. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { NudgeEmulator } from '../../dist/emulator/index.js';
import { environment, start } from './processes.mjs';

export const API_KEY = 'fake-private-key-of-the-matrix';
export const JWT_SECRET = 'fake-user-secret-of-the-matrix-0123456789';
const BOOT_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 30_000;
const POLL_MS = 100;

function signIn() {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) + 600;
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: 'ada', exp })}`;
  const signature = createHmac('sha256', JWT_SECRET).update(signed).digest('base64url');
  return { authorization: `Bearer ${signed}.${signature}` };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

async function untilServing(program, url) {
  const giveUpAtMs = Date.now() + BOOT_TIMEOUT_MS;
  while (Date.now() < giveUpAtMs && !program.hasEnded()) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer !== undefined) return;
    await delay(POLL_MS);
  }
  throw new Error(`The application does not serve:\n${program.output()}`);
}

/** Runs an emulator during `work`, which gets the environment variables for an application. */
export async function withNudge(work) {
  const nudge = await NudgeEmulator.start({ apiKeys: [API_KEY] });
  try {
    await work({ NUDGE_API_KEY: API_KEY, NUDGE_BASE_URL: nudge.url, JWT_SECRET }, nudge);
  } finally {
    await nudge.stop();
  }
}

/** @param args the arguments for Node. The application must listen at `PORT`. */
export const assertServes = (args, { cwd, nodeFolder, nodeOptions }) =>
  withNudge(async (settings, nudge) => {
    const port = await freePort();
    const more = { ...settings, PORT: String(port) };
    const program = start('node', args, { cwd, env: environment({ nodeFolder, cwd, nodeOptions, more }) });
    try {
      const url = `http://127.0.0.1:${port}`;
      await untilServing(program, url);
      const answer = await fetch(`${url}/nudge/token`, { headers: signIn() });
      assert.equal(answer.status, 200, program.output());
      assert.equal((await answer.json()).token.split('.').length, 3);
      assert.equal((await fetch(`${url}/nudge/token`)).status, 401);
      assert.equal((await fetch(`${url}/campaigns`, { method: 'POST' })).status, 201, program.output());
      assert.equal(nudge.counters.tokensIssued, 2);
      await program.terminate(STOP_TIMEOUT_MS);
    } finally {
      program.kill();
    }
  });

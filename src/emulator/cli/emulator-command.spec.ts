import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { DEFAULT_EMULATOR_API_KEY, NudgeEmulator } from '../index.js';
import { run } from './run-cli.js';

/** Runs the tool and stops it as soon as it listens, after `meanwhile`. */
async function runWith(argv: string[], meanwhile: (output: string) => Promise<void> = async () => {}) {
  let output = '';
  let errors = '';
  const exitCode = await run(argv, {
    print: (text) => (output += text),
    printError: (text) => (errors += text),
    untilStopped: () => meanwhile(output),
  });
  return { exitCode, output, errors };
}

const urlIn = (output: string): string => /NUDGE_BASE_URL=(\S+)/.exec(output)?.[1] ?? '';

describe('nudge-emulator', () => {
  it('prints what an application needs to use it, serves, and ends cleanly', async () => {
    let status = 0;
    const { exitCode, output, errors } = await runWith(['--port', '0'], async (printed) => {
      const headers = { apikey: DEFAULT_EMULATOR_API_KEY };
      status = (await fetch(`${urlIn(printed)}/clients/jwt/token?expiryMins=60`, { headers })).status;
    });
    expect([exitCode, errors, status]).toEqual([0, '', 200]);
    expect(output).toContain(`NUDGE_API_KEY=${DEFAULT_EMULATOR_API_KEY}`);
    const origin = urlIn(output).replace(/\/api$/, '');
    expect(output).toContain(
      `curl -X POST ${origin}/__admin/faults -d '{"kind":"status","status":503,"times":3}'`,
    );
    await expect(fetch(origin)).rejects.toThrow('fetch failed');
  });

  it('passes every option on and prints no key that it was given', async () => {
    let state: unknown;
    const keys = ['--api-key=canary-1', '--api-key=canary-2', '--public-key=canary-3'];
    const rest = [
      '--algorithm=HS256',
      '--seed=a',
      '--rate-limit=7',
      '--admin=any-address',
      '--host=127.0.0.1',
    ];
    const argv = ['--port=0', ...keys, ...rest, '--fault={"kind":"no-date"}'];
    const { output } = await runWith(argv, async (printed) => {
      state = await (await fetch(urlIn(printed).replace(/api$/, '__admin/state'))).json();
    });
    await using expected = await NudgeEmulator.start({
      apiKeys: ['canary-1', 'canary-2'],
      publicKeys: ['canary-3'],
      algorithm: 'HS256',
      seed: 'a',
      rateLimitPerMinute: 7,
      faults: [{ kind: 'no-date' }],
    });
    expect(state).toEqual({ ...expected.state, url: urlIn(output) });
    expect(output).not.toContain('canary');
    expect(output).not.toContain(DEFAULT_EMULATOR_API_KEY);
  });

  it('can do without limit and admin routes', async () => {
    const { output, exitCode } = await runWith(['--port=0', '--rate-limit=off', '--admin=off']);
    expect(exitCode).toBe(0);
    expect(output).not.toContain('admin');
  });

  it('prints help and version', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    expect(await runWith(['--version'])).toEqual({ exitCode: 0, output: `${version}\n`, errors: '' });
    const { output, exitCode } = await runWith(['--help', '--port=0']);
    expect([exitCode, output]).toEqual([0, expect.stringContaining('--rate-limit <number>')]);
  });

  it.each<[string[], RegExp]>([
    [['--nonsense'], /Unknown option '--nonsense'$/],
    [['canary-key'], /takes options only$/],
    [['--port'], /'--port <value>' argument missing$/],
    [['--port=http'], /--port: must be a whole number$/],
    [['--port=70000'], /port: /],
    [['--rate-limit=few'], /--rate-limit: must be a whole number$/],
    [['--algorithm=none'], /algorithm: /],
    [['--admin=everyone'], /admin: /],
    [['--api-key='], /apiKeys\.0: must be printable ASCII/],
    [['--fault={'], /--fault: not JSON$/],
    [['--fault={"kind":"latency"}'], /latencyMs/],
  ])('ends with 2 and one line for %j', async (argv, message) => {
    const { exitCode, output, errors } = await runWith(argv);
    expect([exitCode, output]).toEqual([2, '']);
    expect(errors).toMatch(/^nudge-emulator: [^\n]+\n$/);
    expect(errors.trimEnd()).toMatch(message);
    expect(errors).not.toContain('canary');
  });

  it('ends with 1 where the port is taken', async () => {
    await using other = await NudgeEmulator.start();
    const { port } = new URL(other.url);
    expect(await runWith([`--port=${port}`])).toEqual({
      exitCode: 1,
      output: '',
      errors: `nudge-emulator: The emulator cannot listen on 127.0.0.1: port ${port} is in use\n`,
    });
  });
});

describe('the executable', () => {
  const { argv, exitCode } = process;
  afterEach(() => {
    process.argv = argv;
    process.exitCode = exitCode;
    jest.restoreAllMocks();
  });

  it('runs until it gets a signal and leaves 0', async () => {
    process.argv = ['node', 'nudge-emulator', '--port=0'];
    let output = '';
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      output += String(text);
      // Later than the printing, when the tool has begun to listen for it.
      setImmediate(() => process.emit('SIGTERM', 'SIGTERM'));
      return true;
    });
    await import('./cli.js');
    expect(output).toContain('NUDGE_BASE_URL=');
    expect(process.exitCode).toBe(0);
    expect(process.listenerCount('SIGTERM')).toBe(0);
  });
});

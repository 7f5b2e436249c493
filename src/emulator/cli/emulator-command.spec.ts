import { describe, expect, it } from '@jest/globals';
import { CommandUsageError } from '../../common/command.js';
import { DEFAULT_EMULATOR_API_KEY, FAULT_LAYERS, NudgeEmulator } from '../index.js';
import { emulatorCommand } from './emulator-command.js';

/** Runs the command, calls `meanwhile` when it listens, and stops it after that. */
async function runWith(argv: string[], meanwhile: (output: string) => Promise<void> = async () => {}) {
  let output = '';
  let errors = '';
  const exitCode = await emulatorCommand.run(argv, {
    print: (text) => (output += text),
    printError: (text) => (errors += text),
    untilStopped: () => meanwhile(output),
    readInput: () => Promise.resolve(''),
    environment: {},
    isTerminal: { output: false, errors: false },
  });
  return { exitCode, output, errors };
}

const urlIn = (output: string): string => /NUDGE_BASE_URL=(\S+)/.exec(output)?.[1] ?? '';

describe('the command emulator', () => {
  it('prints the environment for an application, serves tokens, and ends with exit code 0', async () => {
    let status = 0;
    const { exitCode, output, errors } = await runWith(['--port', '0'], async (printed) => {
      const headers = { apikey: DEFAULT_EMULATOR_API_KEY };
      status = (await fetch(`${urlIn(printed)}/clients/jwt/token?expiryMins=60`, { headers })).status;
    });
    expect([exitCode, errors, status]).toEqual([0, '', 200]);
    expect(output).toContain(`NUDGE_API_KEY=${DEFAULT_EMULATOR_API_KEY}`);
    const origin = urlIn(output).replace(/\/api$/, '');
    expect(output).toContain(
      `curl -X POST ${origin}/__admin/faults -H 'content-type: application/json' -d '{"kind":"status","status":503,"times":3}'`,
    );
    await expect(fetch(origin)).rejects.toThrow('fetch failed');
  });

  it('passes every option to the emulator and prints no key from its arguments', async () => {
    let state: unknown;
    const keys = ['--api-key=canary-1', '--api-key=canary-2', '--public-key=canary-3'];
    keys.push('--account=acme=canary-4', '--account=globex=canary=5', '--account=acme=canary-6');
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
      accounts: { acme: { apiKeys: ['canary-4', 'canary-6'] }, globex: { apiKeys: ['canary=5'] } },
      algorithm: 'HS256',
      seed: 'a',
      rateLimitPerMinute: 7,
      faults: [{ kind: 'no-date' }],
    });
    expect(state).toEqual({ ...expected.state, url: urlIn(output) });
    expect(output).not.toContain('canary');
    expect(output).not.toContain(DEFAULT_EMULATOR_API_KEY);
  });

  it('runs without rate limit and admin routes when both are off', async () => {
    const { output, exitCode } = await runWith(['--port=0', '--rate-limit=off', '--admin=off']);
    expect(exitCode).toBe(0);
    expect(output).not.toContain('admin');
  });

  it('accepts faults one by one and in a list', async () => {
    let faults: unknown;
    const lists = ['--fault={"kind":"no-date"}', '--fault=[{"kind":"drop"},{"kind":"firewall"}]'];
    await runWith(['--port=0', ...lists], async (printed) => {
      const response = await fetch(urlIn(printed).replace(/api$/, '__admin/state'));
      ({ faults } = (await response.json()) as { faults: unknown });
    });
    expect(faults).toMatchObject(['no-date', 'drop', 'firewall'].map((kind) => ({ fault: { kind } })));
  });

  it('shows every option and every kind of fault in its help', async () => {
    for (const option of ['--rate-limit <number>', '--admin <who>', 'Examples:']) {
      expect(emulatorCommand.help).toContain(option);
    }
    for (const kind of Object.keys(FAULT_LAYERS)) expect(emulatorCommand.help).toContain(`"kind":"${kind}"`);
  });

  it.each<[string[], RegExp]>([
    [['--nonsense'], /^Unknown option '--nonsense'$/],
    [['canary-key'], /^takes options only$/],
    [['--port'], /'--port <value>' argument missing$/],
    [['--port', '--host=x'], /'--port' argument is ambiguous\.$/],
    [['--port=http'], /^--port: must be a whole number$/],
    [['--port=70000'], /^--port: must be at most 65535$/],
    [['--host='], /^--host: must not be empty$/],
    [['--seed='], /^--seed: must not be empty$/],
    [['--rate-limit=few'], /^--rate-limit: must be a whole number of at least 1, or off$/],
    [['--rate-limit=0'], /^--rate-limit: must be a whole number of at least 1, or off$/],
    [['--algorithm=none'], /^--algorithm: must be one of EdDSA, HS256$/],
    [['--admin=everyone'], /^--admin: must be one of loopback, any-address, off$/],
    [['--api-key=a', '--api-key='], /^--api-key \(number 2\): must be printable ASCII/],
    [['--api-key=canary', '--public-key=canary'], /^--public-key: a key cannot also be in apiKeys$/],
    [['--account=canary'], /^--account: must be <name>=<key>$/],
    [['--account==canary'], /^--account: must be <name>=<key>$/],
    [['--account=acme=canary', '--api-key=canary'], /^--account: acme\.apiKeys: a key cannot belong to two/],
    [['--fault={'], /^--fault: not JSON$/],
    [['--fault=7'], /^--fault: must be an object such as/],
    [['--fault={"kind":"latency"}'], /^--fault: latencyMs: must be a number$/],
    [
      ['--fault={"kind":"drop"}', '--fault={"kind":"hang"}'],
      /^--fault \(number 2\): can never be reached: .*\(transport\)/,
    ],
  ])('refuses %j in one line that names the option and no value', async (argv, message) => {
    const running = runWith(argv);
    await expect(running).rejects.toThrow(CommandUsageError);
    await expect(running).rejects.toThrow(message);
    await expect(running).rejects.not.toThrow(/canary|\n/);
  });

  it('fails when the port is in use', async () => {
    await using other = await NudgeEmulator.start();
    const { port } = new URL(other.url);
    await expect(runWith([`--port=${port}`])).rejects.toThrow(
      `The emulator cannot listen on 127.0.0.1: port ${port} is in use: take another one, or 0 for any free port`,
    );
  });
});

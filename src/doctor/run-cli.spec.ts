import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { NudgeEmulator } from '../emulator/index.js';
import { COMMANDS } from './commands.js';
import { runCli } from './run-cli.js';

async function runWith(...argv: string[]) {
  let output = '';
  let errors = '';
  const exitCode = await runCli(argv, '1.2.3', {
    print: (text) => (output += text),
    printError: (text) => (errors += text),
    untilStopped: () => Promise.resolve(),
    readInput: () => Promise.resolve(''),
    environment: {},
    isTerminal: { output: false, errors: false },
  });
  return { exitCode, output, errors };
}

describe('the command line', () => {
  it.each(['--help', '-h'])('lists every command and examples for %s', async (option) => {
    const { exitCode, output, errors } = await runWith(option);
    expect([exitCode, errors]).toEqual([0, '']);
    expect(output).toContain('Usage: nestjs-nudge-auth <command> [options]');
    expect(output).toContain('Examples:');
    for (const [name, { summary }] of COMMANDS) {
      expect(output).toMatch(new RegExp(`^  ${name} +${summary}$`, 'm'));
    }
  });

  it.each([...COMMANDS.keys()])(
    'prints the help of the command %s, also beside a wrong option',
    async (name) => {
      for (const argv of [['--help'], ['-h'], ['--nonsense', '--help']]) {
        const { exitCode, output, errors } = await runWith(name, ...argv);
        expect([exitCode, errors]).toEqual([0, '']);
        expect(output).toMatch(new RegExp(`^Usage: nestjs-nudge-auth ${name}`));
        expect(output).toContain(`npx nestjs-nudge-auth ${name}`);
      }
    },
  );

  it('prints the version', async () => {
    expect(await runWith('--version')).toEqual({ exitCode: 0, output: '1.2.3\n', errors: '' });
  });

  it.each([
    [[], 'no command given'],
    [['canary-key'], 'unknown command'],
    [['--port=canary'], 'unknown command'],
    [['constructor'], 'unknown command'],
  ])('ends with 2 for %j and lists the commands', async (argv, reason) => {
    expect(await runWith(...argv)).toEqual({
      exitCode: 2,
      output: '',
      errors: `nestjs-nudge-auth: ${reason}. The commands are: doctor, token, tenant-fingerprint, emulator, key (try: nestjs-nudge-auth --help)\n`,
    });
  });

  it('ends with 2 when the arguments of a command are wrong, and points to its help', async () => {
    expect(await runWith('emulator', '--admin=everyone')).toEqual({
      exitCode: 2,
      output: '',
      errors:
        'nestjs-nudge-auth emulator: --admin: must be one of loopback, any-address, off (try: nestjs-nudge-auth emulator --help)\n',
    });
  });

  it('ends with 1 when a command fails', async () => {
    await using other = await NudgeEmulator.start();
    const { port } = new URL(other.url);
    expect(await runWith('emulator', '--port', port)).toEqual({
      exitCode: 1,
      output: '',
      errors: `nestjs-nudge-auth emulator: The emulator cannot listen on 127.0.0.1: port ${port} is in use: take another one, or 0 for any free port\n`,
    });
  });
});

describe('the command key', () => {
  it('prints 32 random bytes in base64 on one line, different ones each time', async () => {
    const [first, second] = [await runWith('key'), await runWith('key')];
    for (const { exitCode, output, errors } of [first, second]) {
      expect([exitCode, errors]).toEqual([0, '']);
      expect(output).toMatch(/^[\w+/]{43}=\n$/);
      expect(Buffer.from(output, 'base64')).toHaveLength(32);
    }
    expect(first.output).not.toBe(second.output);
  });

  it('refuses every argument', async () => {
    for (const argument of ['canary', '--bytes=64']) {
      const { exitCode, output, errors } = await runWith('key', argument);
      expect([exitCode, output]).toEqual([2, '']);
      expect(errors).not.toContain('canary');
    }
  });
});

describe('the executable', () => {
  const { argv, exitCode } = process;
  beforeEach(() => {
    // The executable takes all three for itself. Their mocks give them back after each test.
    jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    jest.spyOn(process, 'exit').mockImplementation(() => undefined as never);
  });

  afterEach(() => {
    process.argv = argv;
    process.exitCode = exitCode;
    jest.restoreAllMocks();
    jest.resetModules();
  });

  it('runs the emulator until it gets a signal, and exits with 0', async () => {
    process.argv = ['node', 'nestjs-nudge-auth', 'emulator', '--port=0'];
    let output = '';
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      output += String(text);
      // After the output, because the command listens for the signal only then.
      setImmediate(() => process.emit('SIGINT', 'SIGINT'));
      return true;
    });
    await import('./cli.js');
    expect(output).toContain('NUDGE_BASE_URL=');
    expect(process.exitCode).toBe(0);
  });

  it('prints only the kind of an error that no code has caught, because it may quote a secret', async () => {
    process.argv = ['node', 'nestjs-nudge-auth', '--version'];
    const lines = new Set<string>();
    // Each import of the executable in this file has added its listener, so the line may come more than once.
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
      lines.add(String(text));
      return true;
    });
    await import('./cli.js');
    // A second one meets the listener, too: Node itself would print all of it.
    const isHeard = ['canary', 'canary of a second one'].map((text) =>
      process.emit('uncaughtException', new TypeError(text)),
    );
    expect(isHeard).toEqual([true, true]);
    expect([...lines].join('')).toBe('nestjs-nudge-auth: an uncaught error ended the command (TypeError)\n');
  });

  it('prints the version of the package', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    process.argv = ['node', 'nestjs-nudge-auth', '--version'];
    let output = '';
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      output += String(text);
      return true;
    });
    await import('./cli.js');
    expect([process.exitCode, output]).toEqual([0, `${version}\n`]);
  });
});

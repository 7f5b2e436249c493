import { describe, expect, it } from '@jest/globals';
import { CommandUsageError } from '../../src/common/command.js';
import { Secret } from '../../src/common/secret.js';
import { tenantFingerprintOf } from '../../src/common/tenant-fingerprint.js';
import { doctorCommandOn } from '../../src/doctor/commands/doctor-command.js';
import { tenantFingerprintCommand } from '../../src/doctor/commands/tenant-fingerprint-command.js';
import { tokenCommandOn } from '../../src/doctor/commands/token-command.js';
import { PRIVATE_KEY, Stage } from './support/stage.js';

const ESCAPE = '\u001B';
const NO_TERMINAL = { isTerminal: { output: false, errors: false } };

describe('the report for a user', () => {
  it('groups the checks, gives a hint for each failure, and counts the results', async () => {
    await using stage = await Stage.start();
    stage.nudge.setEnabled(false);
    const { exitCode, output, errors } = await stage.run(doctorCommandOn(stage.machine), [], NO_TERMINAL);
    expect([exitCode, errors]).toEqual([1, '']);
    expect(output).toMatch(/^Runtime\n {2}✓ node {18}Node \d/m);
    expect(output).toMatch(/^Nudge\n {2}✗ call {18}Nudge refuses the API key \(status 403\)/m);
    expect(output).toMatch(/^ {26}→ Compare the key with the dashboard/m);
    expect(output).toMatch(/^ {2}- token {17}not checked: call failed$/m);
    expect(output).toMatch(/^1 failure, 0 warnings, \d+ passed, \d+ skipped\.$/m);
    expect(output).not.toContain(ESCAPE);
  });

  it('has colours on a terminal, and shows there which check is running', async () => {
    await using stage = await Stage.start();
    const { output, errors } = await stage.run(doctorCommandOn(stage.machine), []);
    expect(output).toContain(`${ESCAPE}[32m✓${ESCAPE}[0m`);
    expect(errors).toContain('… whether Nudge gives a token (one call)');
    expect(errors.endsWith(`\r${ESCAPE}[2K`)).toBe(true);
  });

  it.each([{ NO_COLOR: '1' }, { TERM: 'dumb' }])('has no colours with %j', async (variables) => {
    await using stage = await Stage.start();
    Object.assign(stage.environment, variables);
    expect((await stage.run(doctorCommandOn(stage.machine), [])).output).not.toContain(ESCAPE);
  });

  it('counts a warning as a failure only with --strict', async () => {
    await using stage = await Stage.start();
    stage.environment['NODE_DEBUG'] = '*';
    const command = doctorCommandOn(stage.machine);
    expect((await stage.run(command, [])).exitCode).toBe(0);
    expect((await stage.run(command, ['--strict'])).exitCode).toBe(1);
    const { output } = await stage.run(command, ['--strict', '--json'], NO_TERMINAL);
    expect(JSON.parse(output)).toMatchObject({ ok: false });
  });

  it('is JSON with name, status, detail and hint of each check with --json', async () => {
    await using stage = await Stage.start();
    const { output } = await stage.run(doctorCommandOn(stage.machine), ['--json'], NO_TERMINAL);
    const { checks } = JSON.parse(output) as { checks: object[] };
    for (const check of checks) expect(Object.keys(check)).toEqual(['name', 'status', 'detail', 'hint']);
  });
});

describe('Ctrl-C', () => {
  it.each([doctorCommandOn, tokenCommandOn])(
    'ends the command at once while a call to Nudge hangs',
    async (command) => {
      await using stage = await Stage.start();
      stage.nudge.setFault({ kind: 'hang' });
      const untilStopped = () => stage.nudge.untilReceived(1);
      const { exitCode, errors } = await stage.run(command(stage.machine), [], { untilStopped });
      expect(exitCode).toBe(1);
      expect(errors).toContain('Stopped.\n');
    },
  );
});

describe('the command line of the doctor', () => {
  it.each([
    [['--api-key', 'canary'], "Unknown option '--api-key'"],
    [['--key', 'canary'], "Unknown option '--key'"],
    [['--jwt=canary'], "Unknown option '--jwt'"],
    [['canary'], 'takes options only'],
    [
      ['--endpoint', 'http://me:canary@127.0.0.1/'],
      '--endpoint: must not hold a user name or password, because no argument may hold a secret',
    ],
    [['--endpoint', 'http://127.0.0.1/?token=canary'], '--endpoint: must not hold a query or a fragment'],
    [['--endpoint', 'canary'], '--endpoint: must be an http:// or https:// URL'],
    [
      ['--endpoint', 'http://127.0.0.1/', '--origin', 'https://app.example/canary'],
      '--origin: must be scheme and host only, such as https://app.example',
    ],
    [['--origin', 'https://canary.example'], '--origin: needs --endpoint'],
    [['--config='], '--config: needs the path of a file'],
    [
      ['--config', 'canary.mjs', '--key-stdin'],
      '--config and --key-stdin: with tenants, the keys come from the file',
    ],
    [['--key-stdin', '--jwt-stdin'], '--key-stdin and --jwt-stdin: standard input can hold only one of them'],
    [['--jwt-stdin', '--endpoint', 'http://127.0.0.1/'], '--jwt-stdin: standard input is empty'],
  ])('refuses %j and repeats no value', async (argv, message) => {
    await using stage = await Stage.start();
    const refusal: unknown = await stage
      .run(doctorCommandOn(stage.machine), argv)
      .catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(CommandUsageError);
    expect((refusal as Error).message).toBe(message);
    expect(stage.nudge.counters.received).toBe(0);
  });

  it('does not send the JWT by plain http to another machine', async () => {
    await using stage = await Stage.start();
    stage.environment['NUDGE_USER_JWT'] = 'canary.user.jwt';
    stage.canaries.plant('user JWT', 'canary.user.jwt');
    const { port } = new URL(stage.nudge.url);
    stage.argv.push('--endpoint', `http://app.test:${port}/api/clients/jwt/token`);
    const { checks } = await stage.diagnose();
    expect(checks.find(({ name }) => name === 'endpoint-user')).toMatchObject({
      status: 'fail',
      detail: 'the JWT is not sent: the endpoint is plain http',
    });
    expect(
      stage.nudge.requests.filter(({ headerNames }) => headerNames.includes('authorization')),
    ).toHaveLength(2);
  });
});

describe('the command token', () => {
  it('prints the claims and the life, but neither the token nor the key', async () => {
    await using stage = await Stage.start();
    const { exitCode, output, errors } = await stage.run(tokenCommandOn(stage.machine), []);
    expect([exitCode, errors]).toEqual([0, '']);
    expect(output).toMatch(/^header {4}\{"alg":"EdDSA".*\nclaims {4}\{"iat":\d+,"exp":\d+\}\n/);
    expect(output).toMatch(/^life {6}60 minutes\nkey {7}fingerprint [0-9a-f]{8}\n$/m);
    expect(stage.nudge.counters.received).toBe(1);
  });

  it('prints the token alone on standard output with --show', async () => {
    await using stage = await Stage.start();
    const { output, errors } = await stage.run(tokenCommandOn(stage.machine), ['--show']);
    expect(output).toMatch(/^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/);
    expect(errors).toContain('claims');
    expect(errors).not.toContain(output.trim());
  });

  it('reads the key from standard input with --key-stdin', async () => {
    await using stage = await Stage.start();
    delete stage.environment['NUDGE_API_KEY'];
    stage.input = `${PRIVATE_KEY}\n`;
    expect((await stage.run(tokenCommandOn(stage.machine), ['--key-stdin'])).exitCode).toBe(0);
  });

  it.each([
    [
      'without a key',
      (stage: Stage) => void delete stage.environment['NUDGE_API_KEY'],
      'NUDGE_API_KEY is not set',
    ],
    [
      'with a key that Nudge refuses',
      (stage: Stage) => stage.nudge.setEnabled(false),
      'Nudge refuses the API key (status 403)',
    ],
  ])('ends with 1 %s, gives a hint, and points to the doctor', async (_title, breakIt, message) => {
    await using stage = await Stage.start();
    breakIt(stage);
    const { exitCode, output, errors } = await stage.run(tokenCommandOn(stage.machine), []);
    expect([exitCode, output]).toEqual([1, '']);
    expect(errors).toContain(message);
    expect(errors).toContain('npx nestjs-nudge-auth doctor');
  });
});

describe('the command tenant-fingerprint', () => {
  const FINGERPRINT_KEY = 'canary-fingerprint-key-0123456789-abcdef';
  const fingerprint = tenantFingerprintOf('acme', new Secret(FINGERPRINT_KEY));

  it('prints the fingerprint of the tenant, with the key from the environment or from standard input', async () => {
    await using stage = await Stage.start();
    stage.canaries.plant('fingerprint key', FINGERPRINT_KEY);
    stage.environment['NUDGE_TENANT_FINGERPRINT_KEY'] = FINGERPRINT_KEY;
    expect((await stage.run(tenantFingerprintCommand, ['acme'])).output).toBe(`${fingerprint}\n`);
    delete stage.environment['NUDGE_TENANT_FINGERPRINT_KEY'];
    stage.input = `${FINGERPRINT_KEY}\n`;
    expect((await stage.run(tenantFingerprintCommand, ['acme', '--key-stdin'])).output).toBe(
      `${fingerprint}\n`,
    );
  });

  it.each([
    [[], 'takes the id of one tenant'],
    [['acme', 'canary'], 'takes the id of one tenant'],
    [
      ['acme'],
      'NUDGE_TENANT_FINGERPRINT_KEY: needs the key of tenants.fingerprintKey, at least 32 characters',
    ],
    [['acme', '--key-stdin'], '--key-stdin: needs the key of tenants.fingerprintKey, at least 32 characters'],
  ])('refuses %j', async (argv, message) => {
    await using stage = await Stage.start();
    await expect(stage.run(tenantFingerprintCommand, argv)).rejects.toEqual(new CommandUsageError(message));
  });
});

import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { Secret } from '../../src/common/secret.js';
import { tenantFingerprintOf } from '../../src/common/tenant-fingerprint.js';
import { unreachableOrigin } from '../support/http-stub.js';
import { tenantsModule, withTenantsFile } from './setups/tenants.js';
import { PRIVATE_KEY, SECOND_KEY, Stage, type Diagnosis } from './support/stage.js';

const FINGERPRINT_KEY = 'canary-fingerprint-key-0123456789-abcdef';
const ACCOUNT_CHECKS = ['api-key', 'options', 'proxy', 'tcp', 'call', 'token', 'clock', 'drift', 'latency'];

const detailOf = ({ checks }: Diagnosis, check: string): string =>
  checks.find(({ name }) => name === check)?.detail ?? '';

function expectHealth({ checks, isOk }: Diagnosis): void {
  expect(checks.filter(({ status }) => status === 'fail' || status === 'warn')).toEqual([]);
  const passed = checks.filter(({ status }) => status === 'pass').map(({ name }) => name);
  expect(passed).toEqual(expect.arrayContaining(['tenants', 'tenant-configs', ...ACCOUNT_CHECKS]));
  expect(isOk).toBe(true);
}

/** Two tenants, with the two keys that the emulator knows. */
const KEYS = `({ acme: '${PRIVATE_KEY}', globex: '${SECOND_KEY}' })`;
const TWO_TENANTS = { ids: "['acme', 'globex']", config: `async (id) => ({ apiKey: ${KEYS}[id] })` };
const IN_COMMON_JS = `const ids = ${TWO_TENANTS.ids}; const tenants = { config: ${TWO_TENANTS.config} };`;

describe('two healthy tenants pass without a warning', () => {
  it.each([
    ['an ES module', 'tenants.mjs', tenantsModule(TWO_TENANTS)],
    ['an ES module with a default export', 'tenants.mjs', `${IN_COMMON_JS} export default { ids, tenants };`],
    ['a CommonJS module', 'tenants.cjs', `${IN_COMMON_JS} module.exports = { ids, tenants };`],
    [
      'a CommonJS module that a compiler has written',
      'tenants.js',
      `Object.defineProperty(exports, '__esModule', { value: true }); ${IN_COMMON_JS} exports.default = { ids, tenants };`,
    ],
  ])('from %s, with one call for each', async (_kind, name, content) => {
    await using stage = await Stage.start();
    stage.argv.push('--strict');
    withTenantsFile(stage, content, name);
    const diagnosis = await stage.diagnose();
    expectHealth(diagnosis);
    expect(detailOf(diagnosis, 'call')).toBe('every tenant: status 200 with a token');
    expect(detailOf(diagnosis, 'api-key')).toContain(
      `ids[1]: apiKey is well formed, fingerprint ${new Secret(SECOND_KEY).fingerprint}`,
    );
    expect(stage.nudge.counters.received).toBe(2);
  });

  it('with a base URL and a life of their own, and a fallback key', async () => {
    await using stage = await Stage.start();
    withTenantsFile(
      stage,
      tenantsModule({
        config: `() => ({ apiKey: '${PRIVATE_KEY}', fallbackApiKey: '${SECOND_KEY}', baseUrl: '${stage.nudge.url}', defaultExpiryMins: 30 })`,
        options: `baseUrls: ['${stage.nudge.url}/']`,
      }),
    );
    stage.environment['NUDGE_BASE_URL'] = await unreachableOrigin();
    const diagnosis = await stage.diagnose();
    expectHealth(diagnosis);
    expect(detailOf(diagnosis, 'token')).toContain('ids[0]: a token of 30 minutes');
  });

  it('from the file that the docs show', async () => {
    await using stage = await Stage.start();
    const [, example = ''] = /^```js\n(.+?)^```$/ms.exec(readFileSync('docs/doctor.md', 'utf8')) ?? [];
    stage.setProcessVariable('NUDGE_KEY_OF_ACME', PRIVATE_KEY);
    withTenantsFile(stage, example, 'nudge-tenants.mjs');
    expectHealth(await stage.diagnose());
  });

  it('beside a key in the environment that does not work', async () => {
    await using stage = await Stage.start();
    withTenantsFile(stage, tenantsModule(TWO_TENANTS));
    stage.environment['NUDGE_API_KEY'] = '"a wrong key"';
    stage.environment['NUDGE_FALLBACK_API_KEY_FILE'] = '/run/secrets/obviously-not-there';
    expectHealth(await stage.diagnose());
  });
});

describe('the names of tenants in the output', () => {
  it.each([
    ['ids with logIds', 'logIds: true', 'ids[1] (globex): '],
    [
      'fingerprints with a fingerprintKey',
      `fingerprintKey: '${FINGERPRINT_KEY}'`,
      `ids[1] (fingerprint ${tenantFingerprintOf('globex', new Secret(FINGERPRINT_KEY))}): `,
    ],
    ['their places in the list otherwise', '', 'ids[1]: '],
  ])('are %s', async (_what, options, label) => {
    await using stage = await Stage.start();
    stage.canaries.plant('fingerprint key', FINGERPRINT_KEY);
    withTenantsFile(stage, tenantsModule({ ...TWO_TENANTS, options }));
    expect(detailOf(await stage.diagnose(), 'api-key')).toContain(label);
  });
});

describe('a tenant with a problem', () => {
  const BROKEN_ACCOUNTS = [
    ['a tenant that does not exist', 'undefined', 'tenant-configs', 'tenants.config knows no such tenant'],
    ['a key in quotes', `{ apiKey: "'${SECOND_KEY}'" }`, 'api-key', 'apiKey has quotes around it'],
    ['a wrong key', "{ apiKey: 'a-wrong-key-0123456789' }", 'call', 'Nudge refuses the API key'],
  ] as const;

  it.each(BROKEN_ACCOUNTS)(
    'does not keep the doctor from checking the others: %s',
    async (_title, account, check, problem) => {
      await using stage = await Stage.start();
      withTenantsFile(
        stage,
        tenantsModule({
          ids: TWO_TENANTS.ids,
          config: `(id) => (id === 'acme' ? ${account} : { apiKey: '${PRIVATE_KEY}' })`,
        }),
      );
      const { checks, exitCode } = await stage.diagnose();
      const failed = checks.filter(({ status }) => status === 'fail' || status === 'warn');
      expect(failed.map(({ name }) => name)).toEqual([check]);
      expect(failed[0]?.detail.startsWith(`ids[0]: ${problem}`)).toBe(true);
      expect(checks.find(({ name }) => name === 'token')).toMatchObject({
        status: 'pass',
        detail: expect.stringMatching(/^ids\[1\]: a token/),
      });
      expect(exitCode).toBe(1);
    },
  );

  it('is checked without a call to Nudge with --offline', async () => {
    await using stage = await Stage.start();
    stage.argv.push('--offline');
    withTenantsFile(stage, tenantsModule({ config: `() => ({ apiKey: '"${PRIVATE_KEY}"' })` }));
    expect(detailOf(await stage.diagnose(), 'api-key')).toContain('has quotes');
    expect(stage.nudge.counters.received).toBe(0);
  });
});

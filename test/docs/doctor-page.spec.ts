import { expect, it } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { CHECKS } from '../../src/doctor/check-list.js';
import { doctorCommandOn } from '../../src/doctor/commands/doctor-command.js';
import { tokenCommandOn } from '../../src/doctor/commands/token-command.js';
import { withApp } from '../doctor/support/application.js';
import { throughTls } from '../doctor/setups/network.js';
import { installPeers } from '../doctor/setups/runtime.js';
import { tenantsModule, withTenantsFile } from '../doctor/setups/tenants.js';
import { PRIVATE_KEY, Stage } from '../doctor/support/stage.js';

const PAGE = 'docs/doctor.md';
const BEGIN = '<!-- The checks and the runs are written by: npm run docs:update -->\n';
const END = '<!-- End of the checks and the runs -->\n';

/** The output with fixed values for everything that differs from run to run. */
function normalised(output: string): string {
  return output
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:4010')
    .replaceAll(/nudge\.test:\d+/g, 'nudge.test')
    .replaceAll(/\b\d+ ms\b(?!,? of http)/g, '12 ms')
    .replaceAll('the 12 ms of http', 'the 3000 ms of http')
    .replaceAll(/Node \d[\d.]+/g, 'Node 24.11.1')
    .replaceAll(/axios \d[\d.]+/g, 'axios 1.21.1')
    .replaceAll(/"kid":"[^"]+"/g, '"kid":"emulator-1"')
    .replaceAll(/"iat":\d+,"exp":\d+/g, '"iat":1795845600,"exp":1795849200')
    .replaceAll(/^(?<name>issued|expires)(?<gap> +)\S+/gm, '$<name>$<gap>2026-11-28T…Z');
}

const WITHOUT_TERMINAL = { isTerminal: { output: false, errors: false } };

async function scene(title: string, command: string, prepare: (stage: Stage) => unknown): Promise<string> {
  await using stage = await Stage.start();
  installPeers(stage);
  await prepare(stage);
  const commandOn = command === 'token' ? tokenCommandOn : doctorCommandOn;
  const { output, errors } = await stage.run(commandOn(stage.machine), stage.argv, WITHOUT_TERMINAL);
  return `\n### ${title}\n\n\`\`\`text\n$ npx nestjs-nudge-auth ${command}\n${normalised(output + errors)}\`\`\`\n`;
}

function table(): string {
  let groupBefore = '';
  const rows = CHECKS.map(({ name, group, asks }) => {
    const shown = group === groupBefore ? '' : group;
    groupBefore = group;
    return `| ${shown} | \`${name}\` | ${asks} |\n`;
  });
  return `| | check | what it asks |\n| --- | --- | --- |\n${rows.join('')}`;
}

async function written(): Promise<string> {
  const endpoint = 'doctor --endpoint http://127.0.0.1:4010/nudge/token';
  const scenes = [
    await scene('A healthy setup, with its endpoint', endpoint, async (stage) => {
      await withApp(stage);
      stage.environment['NUDGE_USER_JWT'] = undefined;
    }),
    await scene('A key that Nudge refuses', 'doctor', (stage) => stage.nudge.setEnabled(false)),
    await scene('A proxy that answers in place of Nudge', 'doctor', async (stage) => {
      await throughTls(stage);
      stage.nudge.setFault({ kind: 'firewall' });
    }),
    await scene('A certificate that is not trusted', 'doctor', async (stage) => {
      await throughTls(stage);
      stage.machine = { ...stage.machine, certificateAuthorities: undefined };
    }),
    await scene('Two tenants, one of them with a wrong key', 'doctor --config nudge-tenants.mjs', (stage) => {
      const keys = `({ acme: '${PRIVATE_KEY}', globex: 'a-wrong-key-0123456789' })`;
      const config = `(id) => ({ apiKey: ${keys}[id] })`;
      withTenantsFile(stage, tenantsModule({ ids: "['acme', 'globex']", config, options: 'logIds: true' }));
    }),
    await scene('A token', 'token', () => undefined),
  ];
  return `\n${table()}\n${scenes.join('')}\n`;
}

it('docs/doctor.md shows every check and the output of real runs', async () => {
  const page = await readFile(PAGE, 'utf8');
  const [before, rest = ''] = page.split(BEGIN);
  const [, after] = rest.split(END);
  const text = `${before}${BEGIN}${await written()}${END}${after}`;
  const expected = await format(text, { ...(await resolveConfig(PAGE)), parser: 'markdown' });
  if (process.env['UPDATE_DOCS'] === '1') await writeFile(PAGE, expected);
  expect(await readFile(PAGE, 'utf8')).toBe(expected);
});

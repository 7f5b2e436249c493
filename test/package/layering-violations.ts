import { posix } from 'node:path';

/** The layers from top to bottom, as ARCHITECTURE.md draws them. */
const LAYERS: readonly (readonly [layer: string, file: string])[] = [
  'module',
  'swagger',
  'endpoint',
  'doctor',
  'terminus',
  'otel',
  'testing',
  'config',
  'redis',
  'user-auth',
  'http',
  'audit',
  'service',
  'tenants',
  'options',
  'cache',
  'store',
  'vendor',
  'token',
  'telemetry',
  'common',
].map((layer) => [layer, `src/${layer}/sample.ts`]);

/** A file with an import that breaks one rule. */
export interface Violation {
  readonly rule: string;
  readonly file: string;
  readonly code: string;
  /** The file that dependency-cruiser reports. Default: the file itself. */
  readonly reported: string;
}

const violation = (rule: string, file: string, code: string, reported = file): Violation => ({
  rule,
  file,
  code,
  reported,
});

const importing = (specifier: string): string => `export { x } from '${specifier}';\n`;
const plain = 'export const x = 1;\n';

export function importingFile(from: string, to: string): string {
  const path = posix.relative(posix.dirname(from), to).replace(/\.ts$/, '.js');
  return importing(path.startsWith('.') ? path : `./${path}`);
}

export const VIOLATIONS: readonly Violation[] = [
  ...LAYERS.slice(1).map(([layer, file], index) =>
    violation(`${layer}-imports-downward-only`, file, importingFile(file, LAYERS[index]?.[1] ?? '')),
  ),
  violation('every-file-has-a-place', 'src/helpers/unplaced.ts', plain, 'src/index.ts'),
  violation('islands-are-left-alone', 'src/endpoint/island.ts', importing('../emulator/allowed.js')),
  violation('emulator-imports-only-common', 'src/emulator/token.ts', importing('../token/allowed.js')),
  violation(
    'the-command-line-starts-the-emulator',
    'src/doctor/start.ts',
    importing('../emulator/cli/allowed.js'),
  ),
  violation(
    'commands-are-loaded-on-demand',
    'src/doctor/commands.ts',
    `${importing('./allowed.js')}export const y = (): unknown => import('../emulator/cli/allowed.js');\n`,
  ),
  ...['server', 'faults', 'http'].map((folder, index) =>
    violation(
      `${folder}-of-the-emulator-imports-downward-only`,
      `src/emulator/${folder}/upward.ts`,
      importing(`../${['cli', 'server', 'faults'][index]}/allowed.js`),
    ),
  ),
  violation('client-imports-nothing', 'src/client/common.ts', importing('../common/allowed.js')),
  violation('client-imports-nothing', 'src/client/builtin.ts', importing('node:timers')),
  violation('client-imports-nothing', 'src/client/package.ts', importing('valibot')),
  violation('schematics-import-only-node', 'src/schematics/common.ts', importing('../common/allowed.js')),
  violation('schematics-import-only-node', 'src/schematics/package.ts', importing('valibot')),
  violation('no-barrels', 'src/token/own-barrel.ts', importing('./index.js')),
  violation('no-barrels', 'src/endpoint/other-barrel.ts', importing('../token/index.js')),
  violation('no-cycles', 'src/token/cycle-a.ts', "export type { B as A } from './cycle-b.js';\n"),
  ...['cache', 'store', 'vendor', 'token', 'telemetry', 'emulator', 'doctor'].map((folder) =>
    violation(`${folder}-is-free-of-nest`, `src/${folder}/nest.ts`, importing('@nestjs/common')),
  ),
  violation('cache-is-free-of-nest', 'src/cache/nest-axios.ts', importing('@nestjs/axios')),
  violation('token-is-free-of-nest', 'src/token/nest-type.ts', "export type { X } from '@nestjs/common';\n"),
  violation('common-imports-no-package', 'src/common/package.ts', importing('valibot')),
  violation('@nestjs/config-stays-in-config', 'src/endpoint/config-peer.ts', importing('@nestjs/config')),
  violation(
    '@nestjs/terminus-stays-in-terminus',
    'src/endpoint/terminus-peer.ts',
    importing('@nestjs/terminus'),
  ),
  violation('@opentelemetry/api-stays-in-otel', 'src/endpoint/otel-peer.ts', importing('@opentelemetry/api')),
  violation('@nestjs/swagger-stays-in-swagger', 'src/endpoint/swagger-peer.ts', importing('@nestjs/swagger')),
  violation('ioredis-stays-in-redis', 'src/endpoint/redis-peer.ts', importing('ioredis')),
  // The sample layers import upward, so the main entry reaches code that belongs to a subpath.
  violation('main-entry-stands-alone', 'src/index.ts', ''),
  violation('only-declared-packages', 'src/endpoint/dev-package.ts', importing('fast-check')),
  violation('only-declared-packages', 'src/endpoint/stray-package.ts', importing('undeclared')),
  violation('no-tests-in-the-package', 'src/token/helper.ts', importing('../../test/support/allowed.js')),
  violation('nothing-unresolvable', 'src/token/lost.ts', importing('./nowhere.js')),
  violation('no-dead-modules', 'src/token/dead.ts', plain),
];

/** Files with allowed imports, which must not be reported. */
export const ALLOWED: Readonly<Record<string, string>> = {
  'src/module/sample.ts': plain,
  'src/common/allowed.ts': importing('node:util'),
  'src/token/allowed.ts': importing('../common/allowed.js'),
  'src/token/allowed.spec.ts': importing('../index.js') + importing('../../test/support/allowed.js'),
  'src/token/index.ts': importing('./allowed.js'),
  'src/token/cycle-b.ts': "export type { A as B } from './cycle-a.js';\n",
  'src/vendor/allowed.ts': importing('@nestjs/axios'),
  'src/emulator/allowed.ts': importing('../common/allowed.js') + importing('valibot'),
  'src/emulator/cli/allowed.ts': plain,
  'src/emulator/server/allowed.ts': plain,
  'src/emulator/faults/allowed.ts': plain,
  'src/doctor/allowed.ts': plain,
  'src/client/allowed.ts': plain,
  'src/schematics/allowed.ts': importing('node:crypto'),
  'test/support/allowed.ts': importing('fast-check'),
};

export const PACKAGES = {
  dependencies: ['valibot'],
  peerDependencies: [
    '@nestjs/axios',
    '@nestjs/common',
    '@nestjs/config',
    '@nestjs/swagger',
    '@nestjs/terminus',
    '@opentelemetry/api',
    'ioredis',
  ],
  devDependencies: ['@nestjs/common', 'fast-check'],
};

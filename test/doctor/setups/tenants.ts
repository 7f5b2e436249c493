import { PLACEHOLDER, PRIVATE_KEY, type BrokenSetup, type Stage } from '../support/stage.js';

interface FileParts {
  readonly ids?: string;
  /** The function `tenants.config`. */
  readonly config?: string;
  /** Further options of `tenants`. */
  readonly options?: string;
}

/** A module file with one good tenant, or with the given parts in its place. */
export function tenantsModule({ ids = "['acme']", config, options = '' }: FileParts = {}): string {
  const good = `() => ({ apiKey: '${PRIVATE_KEY}' })`;
  return `export const ids = ${ids};\nexport const tenants = { config: ${config ?? good}, ${options} };\n`;
}

/** Gives the doctor a file of this content as `--config`, and takes the key of the single account away. */
export function withTenantsFile(stage: Stage, content: string, name = 'tenants.mjs'): void {
  stage.writeFile(name, content);
  stage.argv.push('--config', name);
  delete stage.environment['NUDGE_API_KEY'];
}

const withFile = (content: string) => (stage: Stage) => withTenantsFile(stage, content);
const withParts = (parts: FileParts) => withFile(tenantsModule(parts));
const withAccount = (account: string) => withParts({ config: `() => (${account})` });

/** Lets 10 s pass as soon as the file calls `globalThis.tenantsReached()`. */
const untilLate = (content: string) => (stage: Stage) => {
  const reached = new Promise<void>((resolve) => Reflect.set(globalThis, 'tenantsReached', resolve));
  stage.atEnd(() => Reflect.deleteProperty(globalThis, 'tenantsReached'));
  withTenantsFile(stage, content);
  return async () => {
    await reached;
    await stage.clock.advanceAsync(10_000);
  };
};

const FILE_FAILS = { tenants: 'fail' } as const;
const CONFIG_FAILS = { 'tenant-configs': 'fail' } as const;

export const TENANT_SETUPS: readonly BrokenSetup[] = [
  {
    title: 'a missing file',
    shows: FILE_FAILS,
    says: /file of --config cannot be read \(ENOENT\).*Check its path/,
    breakIt: (stage) => void stage.argv.push('--config', 'obviously-not-there.mjs'),
  },
  {
    title: 'a file that throws an error with a key in it',
    shows: FILE_FAILS,
    says: /does not load \(TypeError\).*Run it alone/,
    breakIt: withFile(`throw new TypeError('${PRIVATE_KEY}');`),
  },
  {
    title: 'a file that does not finish loading',
    shows: FILE_FAILS,
    says: /does not load in time.*top level/,
    breakIt: untilLate('globalThis.tenantsReached(); await new Promise(() => {});'),
  },
  {
    title: 'a file that exports nothing',
    shows: FILE_FAILS,
    says: /exports no ids.*Export both/,
    breakIt: withFile('export {};'),
  },
  {
    title: 'an export that throws when it is read',
    shows: FILE_FAILS,
    says: /has an export that cannot be read \(TypeError\).*Export both/,
    breakIt: withFile(`export default { get ids() { throw new TypeError('${PRIVATE_KEY}'); } };`),
  },
  {
    title: 'a list with holes',
    shows: FILE_FAILS,
    says: /has an unusable ids\[0\]/,
    breakIt: withParts({ ids: 'new Array(3)' }),
  },
  {
    title: 'an id that is not in a list',
    shows: FILE_FAILS,
    says: /exports ids, but not as a list/,
    breakIt: withParts({ ids: "'acme'" }),
  },
  {
    title: 'a file that names no tenant',
    shows: FILE_FAILS,
    says: /names no tenant/,
    breakIt: withParts({ ids: '[]' }),
  },
  {
    title: 'a file that names too many tenants',
    shows: FILE_FAILS,
    says: /names 21 tenants, but the doctor checks at most 20/,
    breakIt: withParts({ ids: "Array(21).fill('acme')" }),
  },
  {
    title: 'an id that no tenant can have',
    shows: FILE_FAILS,
    says: /unusable ids\[1\]: The tenant must be a string/,
    breakIt: withParts({ ids: "['acme', 7]" }),
  },
  {
    title: 'ids without accounts',
    shows: FILE_FAILS,
    says: /no object tenants/,
    breakIt: withFile("export const ids = ['acme'];"),
  },
  {
    title: 'a list of accounts in place of the function',
    shows: FILE_FAILS,
    says: /tenants\.config must be a function.*tenants\.maxTenants must be/,
    breakIt: withParts({ config: '[]', options: 'maxTenants: 0' }),
  },
  {
    title: 'a tenant that does not exist',
    shows: CONFIG_FAILS,
    says: /ids\[0\]: tenants\.config knows no such tenant.*compared exactly/,
    breakIt: withAccount('undefined'),
  },
  {
    title: 'a config that is only a key',
    shows: CONFIG_FAILS,
    says: /returned no object such as \{ apiKey \}/,
    breakIt: withAccount(`'${PRIVATE_KEY}'`),
  },
  {
    title: 'a database that fails, with a key in its error',
    shows: CONFIG_FAILS,
    says: /tenants\.config failed \(RangeError\)/,
    breakIt: withParts({ config: `() => { throw new RangeError('${PRIVATE_KEY}'); }` }),
  },
  {
    title: 'a database that hangs',
    shows: CONFIG_FAILS,
    says: /did not return in time/,
    breakIt: untilLate(
      tenantsModule({ config: '() => { globalThis.tenantsReached(); return new Promise(() => {}); }' }),
    ),
  },
  {
    title: "a tenant's key in quotes",
    shows: { 'api-key': 'fail' },
    says: /ids\[0\]: apiKey has quotes around it.*Remove them/,
    breakIt: withAccount(`{ apiKey: '"${PRIVATE_KEY}"' }`),
  },
  {
    title: 'a tenant without a key',
    shows: { 'api-key': 'fail' },
    says: /apiKey must be a string.*tenants\.config must return it/,
    breakIt: withAccount('{}'),
  },
  {
    title: "a tenant's key that looks like a placeholder",
    shows: { 'api-key': 'warn' },
    says: /ids\[0\]: apiKey looks like a placeholder/,
    breakIt: withAccount(`{ apiKey: '${PLACEHOLDER}' }`),
  },
  {
    title: "a tenant's fallback key with white space",
    shows: { 'fallback-api-key': 'fail' },
    says: /ids\[0\]: fallbackApiKey contains white space/,
    breakIt: withAccount(`{ apiKey: '${PRIVATE_KEY}', fallbackApiKey: 'canary-second-key ' }`),
  },
  {
    title: "a tenant's base URL that is not in the list",
    shows: { options: 'fail' },
    says: /ids\[0\]: baseUrl is not one of tenants\.baseUrls.*docs\/tenants\.md/,
    breakIt: withAccount(`{ apiKey: '${PRIVATE_KEY}', baseUrl: 'https://evil.example/api' }`),
  },
  {
    title: "a wrong base URL of the environment, which is every tenant's",
    shows: { options: 'fail' },
    says: /every tenant: NUDGE_BASE_URL must be an absolute URL/,
    breakIt(stage) {
      withTenantsFile(stage, tenantsModule({ ids: "['acme', 'globex']" }));
      stage.environment['NUDGE_BASE_URL'] = 'nudge.test/api';
    },
  },
  {
    title: "a tenant's key that Nudge refuses",
    shows: { call: 'fail' },
    says: /ids\[0\]: Nudge refuses the API key.*Compare the key/,
    breakIt: withAccount("{ apiKey: 'a-wrong-key-0123456789' }"),
  },
];

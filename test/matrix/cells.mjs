/*
 * The cells of the matrix. Each cell is an application that is made as a user would make it, with the packed tarball
 * installed. docs/compatibility.md has one row for each. `slice` marks the cells that run with every change.
 */

/** The versions of Node that a cell may run on, with their ranges for npm's `node-<platform>-<arch>` packages. */
export const NODES = { 20: '20.19', 22: '22', 24: '24', newest: 'latest' };

const WITHOUT_REQUIRE_ESM = '--no-experimental-require-module';

/**
 * The applications, with the schematics that write them and the major version of Nest for the README's install line.
 */
export const APPLICATIONS = {
  'nest-10': { title: 'Nest 10', schematics: '10', nest: 10 },
  'nest-11-former': { title: 'Nest 11, former template', schematics: '11.0.0', nest: 11 },
  'nest-11': { title: 'Nest 11, newest template', schematics: '11', nest: 11 },
  'nest-12-esm': { title: 'Nest 12, ES modules', schematics: '12', nest: 12, type: 'esm' },
  'nest-12-cjs': { title: 'Nest 12, CommonJS', schematics: '12', nest: 12, type: 'cjs' },
};

const whole = (application, node, more = {}) => {
  const { nodeOptions } = more;
  const title = `${APPLICATIONS[application].title} on Node ${node}${nodeOptions === undefined ? '' : ` with \`${nodeOptions}\``}`;
  return { group: 'Templates', kind: 'whole', title, application, node, ...more };
};

const TEMPLATES = [
  whole('nest-10', '22'),
  ...['nest-11-former', 'nest-11'].flatMap((application) => [
    ...['20', '22', '24', 'newest'].map((node) => whole(application, node)),
    ...['20', '24'].map((node) => whole(application, node, { nodeOptions: WITHOUT_REQUIRE_ESM })),
  ]),
  ...['20', '22', '24', 'newest'].map((node) => whole('nest-12-esm', node)),
  ...['24', 'newest'].map((node) => whole('nest-12-cjs', node)),
];

const ADAPTERS = ['nest-11', 'nest-12-esm'].map((application) => ({
  group: 'Adapters',
  kind: 'built',
  title: `Fastify, ${APPLICATIONS[application].title}`,
  application,
  node: '24',
  adapter: 'fastify',
  builder: 'tsc',
}));

const built = (title, application, builder) => ({
  group: 'Builders',
  kind: 'built',
  title: `${title}, ${APPLICATIONS[application].title}`,
  application,
  node: '24',
  builder,
});

const BUILDERS = [
  built('swc', 'nest-11', 'swc'),
  built("webpack, as the Nest CLI's", 'nest-11', 'webpack'),
  built('webpack, everything bundled', 'nest-11', 'webpack-all'),
  built('rspack, everything bundled', 'nest-11', 'rspack-all'),
  built('esbuild to CommonJS, everything bundled', 'nest-11', 'esbuild-cjs'),
  built('esbuild to ES modules, everything bundled', 'nest-12-esm', 'esbuild-esm'),
  built('ts-node', 'nest-11', 'ts-node'),
];

const PACKAGE_MANAGERS = [
  { title: 'pnpm', manager: 'pnpm' },
  { title: 'Yarn 1', manager: 'yarn-1' },
  { title: "Yarn 4, Plug'n'Play", manager: 'yarn-4' },
].map((cell) => ({
  group: 'Package managers',
  kind: 'managed',
  application: 'nest-11',
  node: '24',
  ...cell,
}));

const RESOLUTIONS = [
  { title: '`node10`', module: 'commonjs', resolution: 'node10' },
  { title: '`node16`', module: 'node16', resolution: 'node16' },
  { title: '`nodenext`', module: 'nodenext', resolution: 'nodenext' },
  { title: '`bundler`', module: 'esnext', resolution: 'bundler' },
].map((cell) => ({
  group: 'moduleResolution, root and every subpath',
  kind: 'resolved',
  application: 'nest-11',
  node: '24',
  ...cell,
}));

const OTHERS = [
  {
    title: '`npm i nestjs-nudge-auth` and nothing else in a fresh Nest 11 application',
    kind: 'bare',
    application: 'nest-11',
  },
  {
    title: '`userJwt.jwksUri`, Nest 11, newest template',
    kind: 'variant',
    variant: 'jwks',
    application: 'nest-11',
  },
  {
    title: 'standalone context, no route and no strategy',
    kind: 'variant',
    variant: 'standalone',
    application: 'nest-11',
  },
  {
    title: 'microservice, no route and no strategy',
    kind: 'variant',
    variant: 'microservice',
    application: 'nest-11',
  },
  { title: 'monorepo of the Nest CLI', kind: 'monorepo', application: 'nest-11' },
  { title: 'a host that pins axios 1.7.9', kind: 'old-axios', application: 'nest-11' },
  {
    title: '`require` and `import` give the same classes',
    kind: 'same-classes',
    application: 'nest-11',
  },
].map((cell) => ({ group: 'Applications and installs', node: '24', ...cell }));

/**
 * The cells that run with every change: jest as CommonJS, vitest as ES modules, the oldest compiler, and every version
 * of Node.
 */
const SLICE = new Set([
  'Nest 11, former template on Node 20 with `--no-experimental-require-module`',
  'Nest 11, newest template on Node 22',
  'Nest 12, ES modules on Node 22',
  '`require` and `import` give the same classes',
]);

export const CELLS = [
  ...TEMPLATES,
  ...ADAPTERS,
  ...BUILDERS,
  ...PACKAGE_MANAGERS,
  ...RESOLUTIONS,
  ...OTHERS,
].map((cell) => ({
  ...cell,
  slice: SLICE.has(cell.title),
}));

const manifest = require('./package.json');
const layerList = require('./scripts/layer-list.cjs');

const { LAYERS } = layerList;
/** No layer imports them. */
const ISLANDS = layerList.ISLANDS.map(({ path }) => path);

/** Stands above the layers. */
const PUBLIC_FACE = '^src/index\\.ts$';

const COMMAND_LIST = '^src/doctor/commands\\.ts$';
const EMULATOR_COMMAND = '^src/emulator/cli/';

/** Inside the emulator, from top to bottom. */
const EMULATOR_LAYERS = ['cli', 'server', 'faults', 'http'].map((name) => `^src/emulator/${name}/`);

/** Folders that must run without Nest, and the one Nest package that one of them may use. */
const NEST_FREE = [
  { folder: 'cache' },
  { folder: 'store' },
  { folder: 'vendor', exceptPackage: '@nestjs/axios' },
  { folder: 'token' },
  { folder: 'telemetry' },
  { folder: 'emulator' },
  { folder: 'doctor' },
];

/** Who does not use the folder does not install the package. */
const OPTIONAL_PEER_FOLDERS = [
  { peer: '@nestjs/config', folder: 'config' },
  { peer: '@nestjs/terminus', folder: 'terminus' },
  { peer: '@opentelemetry/api', folder: 'otel' },
  { peer: '@nestjs/swagger', folder: 'swagger' },
  { peer: 'ioredis', folder: 'redis' },
];

/** Named by schematics/collection.json, in the CommonJS build. */
const SCHEMATIC = '^src/schematics/index\\.ts$';

const SPEC = '\\.spec\\.ts$';
const BARRELS = [PUBLIC_FACE, '^src/.+/index\\.ts$'];

const published = [...Object.values(manifest.exports), ...Object.values(manifest.bin)]
  .map((target) => target.import?.default ?? target)
  .filter((target) => target.endsWith('.js'));
const ENTRY_POINTS = [
  SCHEMATIC,
  ...published.map(
    (target) =>
      `^${target
        .replace(/^(\.\/)?dist\//, 'src/')
        .replace(/\.js$/, '')
        .replaceAll('.', '\\.')}\\.ts$`,
  ),
];

/** A module of the package itself; specs may reach for anything. */
const from = (path = '^src/', pathNot = []) => ({ path, pathNot: [SPEC, ...pathNot] });
const ofPackage = (name) => `(^|node_modules/)${name}${name.endsWith('/') ? '' : '(/|$)'}`;
const forbid = (name, comment, rule) => ({ name, comment, severity: 'error', ...rule });

const downwardOnly = LAYERS.slice(1).map((layer, index) =>
  forbid(`${layer.name}-imports-downward-only`, 'Imports run downward: see LAYERS in this file.', {
    from: from(layer.path),
    to: { path: LAYERS.slice(0, index + 1).map(({ path }) => path) },
  }),
);

const nestFree = NEST_FREE.map(({ folder, exceptPackage }) =>
  forbid(`${folder}-is-free-of-nest`, 'It can be read, tested and reused without Nest.', {
    from: from(`^src/${folder}/`),
    to: {
      path: ofPackage('@nestjs/'),
      ...(exceptPackage === undefined ? {} : { pathNot: ofPackage(exceptPackage) }),
    },
  }),
);

const optionalPeers = OPTIONAL_PEER_FOLDERS.map(({ peer, folder }) =>
  forbid(`${peer}-stays-in-${folder}`, 'An optional peer must not be needed outside its subpath.', {
    from: from('^src/', [`^src/${folder}/`]),
    to: { path: ofPackage(peer) },
  }),
);

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...downwardOnly,
    forbid('every-file-has-a-place', 'A new folder or file is added to LAYERS or ISLANDS first.', {
      from: {},
      to: { path: '^src/', pathNot: [SPEC, PUBLIC_FACE, ...LAYERS.map(({ path }) => path), ...ISLANDS] },
    }),
    forbid('islands-are-left-alone', 'The emulator and the client are no part of what runs in a host.', {
      from: from('^src/', ISLANDS),
      to: { path: ISLANDS, pathNot: EMULATOR_COMMAND },
    }),
    forbid('the-command-line-starts-the-emulator', 'Nothing else does.', {
      from: from('^src/', ['^src/emulator/', COMMAND_LIST]),
      to: { path: EMULATOR_COMMAND },
    }),
    forbid('commands-are-loaded-on-demand', 'The command line loads the chosen command, and no other.', {
      from: from(COMMAND_LIST),
      to: { path: '^src/', pathNot: '^src/common/', dynamic: false, dependencyTypesNot: ['type-only'] },
    }),
    forbid('emulator-imports-only-common', 'An island: of this package it may use common/ alone.', {
      from: from('^src/emulator/'),
      to: { path: '^src/', pathNot: '^src/(emulator|common)/' },
    }),
    ...EMULATOR_LAYERS.slice(1).map((path, index) =>
      forbid(
        `${path.split('/').at(-2)}-of-the-emulator-imports-downward-only`,
        'See EMULATOR_LAYERS in this file.',
        {
          from: from(path),
          to: { path: EMULATOR_LAYERS.slice(0, index + 1) },
        },
      ),
    ),
    forbid('client-imports-nothing', 'It runs in browsers and phones: no Nest, no Node, no package.', {
      from: from('^src/client/'),
      to: { pathNot: '^src/client/' },
    }),
    forbid('schematics-import-only-node', 'The Nest CLI loads them before the package is set up.', {
      from: from('^src/schematics/'),
      to: { pathNot: '^src/schematics/', dependencyTypesNot: ['core'] },
    }),
    forbid('no-barrels', 'Import from the file that has it: barrels are for users of the package.', {
      from: from(),
      to: { path: BARRELS },
    }),
    forbid('no-cycles', 'Types count as well.', { from: { path: '^src/' }, to: { circular: true } }),
    ...nestFree,
    forbid('common-imports-no-package', 'Node and nothing else.', {
      from: from('^src/common/'),
      to: { path: 'node_modules/' },
    }),
    ...optionalPeers,
    forbid('main-entry-stands-alone', 'What has a subpath of its own is loaded by nobody else.', {
      from: { path: PUBLIC_FACE },
      to: { path: '^src/(config|doctor|otel|redis|swagger|terminus|testing)/', reachable: true },
    }),
    forbid('only-declared-packages', 'A user of the package installs dependencies and peers, nothing else.', {
      from: from(),
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['npm', 'npm-peer', 'aliased-subpath-import'],
      },
    }),
    forbid('no-tests-in-the-package', 'Specs and test helpers are not published.', {
      from: from(),
      to: { path: [SPEC, '^(test|bench|examples)/'] },
    }),
    forbid('nothing-unresolvable', 'It would fail at run time.', {
      from: {},
      to: { couldNotResolve: true },
    }),
    forbid('no-dead-modules', 'No entry point of package.json leads to it.', {
      from: { path: ENTRY_POINTS },
      to: { path: '^src/', pathNot: [SPEC, '\\.d\\.ts$', ...ENTRY_POINTS], reachable: false },
    }),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: require.resolve('./tsconfig.json') },
    doNotFollow: { path: 'node_modules' },
    // As an application without a build of this package resolves `#peers/…`: to the peer itself.
    enhancedResolveOptions: { conditionNames: ['import', 'node', 'default'] },
  },
};

/* How a copy of an application is built, and which file Node runs. */
import { createRequire } from 'node:module';

const lazyPackages = createRequire(import.meta.url)('./builders/lazy-packages.cjs');

const tsc = ['npm', 'run', '--silent', 'build'];
const esbuild = ['esbuild', 'dist/main.js', '--bundle', '--platform=node', '--log-level=error'].concat(
  lazyPackages.map((name) => `--external:${name}`),
);
// The bundle declares its own `createRequire`, so this one needs another name.
const REQUIRE_IN_ESM =
  "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);";

export const BUILDERS = {
  tsc: { packages: [], commands: [tsc], serve: ['dist/main.js'] },
  swc: {
    packages: ['@swc/cli', '@swc/core'],
    commands: [['nest', 'build', '--builder', 'swc']],
    serve: ['dist/main.js'],
  },
  webpack: { packages: [], commands: [['nest', 'build', '--webpack']], serve: ['dist/main.js'] },
  'webpack-all': {
    packages: [],
    commands: [['nest', 'build', '--webpack', '--webpackPath', 'builders/webpack-all.config.cjs']],
    serve: ['dist/main.js'],
  },
  'rspack-all': {
    packages: ['@rspack/core'],
    commands: [tsc, ['node', 'builders/rspack-all.cjs']],
    serve: ['bundle/main.js'],
  },
  'esbuild-cjs': {
    packages: ['esbuild'],
    commands: [tsc, [...esbuild, '--format=cjs', '--outfile=bundle/main.js']],
    serve: ['bundle/main.js'],
  },
  'esbuild-esm': {
    packages: ['esbuild'],
    commands: [
      tsc,
      [...esbuild, '--format=esm', '--outfile=bundle/main.mjs', `--banner:js=${REQUIRE_IN_ESM}`],
    ],
    serve: ['bundle/main.mjs'],
  },
  'ts-node': { packages: [], commands: [], serve: ['-r', 'ts-node/register', 'src/main.ts'] },
};

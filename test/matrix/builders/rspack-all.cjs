/* Bundles the output of tsc. Run it in the application's folder. */
const nodeModule = require('node:module');
const path = require('node:path');
const lazy = require('./lazy-packages.cjs');

const { rspack } = nodeModule.createRequire(path.join(process.cwd(), 'package.json'))('@rspack/core');

/**
 * Nest looks for `file-type` with require.resolve(), which rspack cannot resolve because the package has only ES
 * modules.
 */
const absent = [...lazy, 'file-type'];

rspack(
  {
    context: process.cwd(),
    entry: './dist/main.js',
    target: 'node',
    mode: 'production',
    optimization: { minimize: false },
    output: { path: path.join(process.cwd(), 'bundle'), filename: 'main.js' },
    plugins: [new rspack.IgnorePlugin({ checkResource: (resource) => absent.includes(resource) })],
  },
  (error, stats) => {
    if (error) throw error;
    if (stats.hasErrors()) throw new Error(stats.toString({ all: false, errors: true }));
  },
);

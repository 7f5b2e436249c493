/* Bundles what tsc wrote, run in the application's folder. */
const { createRequire } = require('node:module');
const { join } = require('node:path');
const lazy = require('./lazy-packages.cjs');

const { rspack } = createRequire(join(process.cwd(), 'package.json'))('@rspack/core');

rspack(
  {
    context: process.cwd(),
    entry: './dist/main.js',
    target: 'node',
    mode: 'production',
    optimization: { minimize: false },
    output: { path: join(process.cwd(), 'bundle'), filename: 'main.js' },
    plugins: [new rspack.IgnorePlugin({ checkResource: (resource) => lazy.includes(resource) })],
  },
  (error, stats) => {
    if (error) throw error;
    if (stats.hasErrors()) throw new Error(stats.toString({ all: false, errors: true }));
  },
);

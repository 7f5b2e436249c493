const lazy = require('./lazy-packages.cjs');

/** For `nest build --webpack`: bundles all packages. */
module.exports = (options, webpack) => ({
  ...options,
  externals: [],
  plugins: [
    ...options.plugins,
    new webpack.IgnorePlugin({ checkResource: (resource) => lazy.includes(resource) }),
  ],
});

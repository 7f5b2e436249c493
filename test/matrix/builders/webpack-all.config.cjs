const lazy = require('./lazy-packages.cjs');

/** For `nest build --webpack`: nothing stays outside the bundle. */
module.exports = (options, webpack) => ({
  ...options,
  externals: [],
  plugins: [
    ...options.plugins,
    new webpack.IgnorePlugin({ checkResource: (resource) => lazy.includes(resource) }),
  ],
});

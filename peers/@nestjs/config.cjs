'use strict';

const { named } = require('../missing-peer.cjs');

try {
  exports.registerAs = require('@nestjs/config').registerAs;
} catch (error) {
  throw named('@nestjs/config', 'config', error);
}

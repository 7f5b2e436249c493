'use strict';

const { named } = require('./missing-peer.cjs');

// A bundler that sees `require` in a `try` lets the package be absent.
try {
  exports.Redis = require('ioredis').Redis;
} catch (error) {
  throw named('ioredis', 'redis', error);
}

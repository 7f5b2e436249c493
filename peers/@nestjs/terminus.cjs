'use strict';

const { named } = require('../missing-peer.cjs');

try {
  exports.HealthIndicatorService = require('@nestjs/terminus').HealthIndicatorService;
} catch (error) {
  throw named('@nestjs/terminus', 'terminus', error);
}

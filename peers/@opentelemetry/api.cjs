'use strict';

const { named } = require('../missing-peer.cjs');

try {
  const api = require('@opentelemetry/api');
  exports.context = api.context;
  exports.metrics = api.metrics;
  exports.trace = api.trace;
  exports.ROOT_CONTEXT = api.ROOT_CONTEXT;
  exports.SpanStatusCode = api.SpanStatusCode;
} catch (error) {
  throw named('@opentelemetry/api', 'otel', error);
}

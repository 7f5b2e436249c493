/*
 * The metrics of nestjs-nudge-auth/otel under their Prometheus names. The names depend on the exporter: OpenTelemetry's
 * Prometheus exporter for JavaScript appends no unit, but the Collector and Prometheus' own OTLP receiver do.
 */

/** Both Prometheus names of an OpenTelemetry metric. */
function metric(name, { unit = '', suffix = '' } = {}) {
  const base = name.replaceAll('.', '_');
  return { exporter: base + suffix, collector: base + unit + suffix };
}

const COUNTER = { suffix: '_total' };
const SECONDS = { unit: '_seconds' };

export const METRICS = {
  requests: metric('nudge_auth.token.requests', COUNTER),
  renewals: metric('nudge_auth.token.renewals', COUNTER),
  renewalDuration: metric('nudge_auth.token.renewal.duration', { ...SECONDS, suffix: '_bucket' }),
  calls: metric('nudge_auth.vendor.calls', COUNTER),
  held: metric('nudge_auth.token.held'),
  remainingLife: metric('nudge_auth.token.remaining_life', SECONDS),
  waiting: metric('nudge_auth.budget.waiting'),
  refused: metric('nudge_auth.budget.refused', COUNTER),
  fallbackInUse: metric('nudge_auth.key.fallback_in_use'),
  storeAvailable: metric('nudge_auth.store.available'),
  skew: metric('nudge_auth.clock.skew', SECONDS),
  userJwtChecks: metric('nudge_auth.user_jwt.checks', COUNTER),
  auditDropped: metric('nudge_auth.audit.dropped', COUNTER),
};

/**
 * The labels of a registration in an application. Without Kubernetes the label `namespace` is absent, which does no
 * harm.
 */
export const APP = 'namespace, job, nudge_auth_registration';
/** The labels of a registration in one process. */
export const INSTANCE = 'namespace, job, instance, nudge_auth_registration';

/**
 * An expression that finds a metric under either name. Use it within the parentheses of a function or aggregation.
 *
 * @param key a key of `METRICS`.
 * @param write makes an expression from a name.
 */
export function either(key, write = (name) => name) {
  const { exporter, collector } = METRICS[key];
  return exporter === collector ? write(exporter) : `${write(exporter)} or ${write(collector)}`;
}

/** The summed increase of a counter in a time range. */
export function increase(key, selector, time, by) {
  return `sum by (${by}) (${either(key, (name) => `increase(${name}${selector}[${time}])`)})`;
}

/** The summed rate of a counter per second. */
export function rate(key, selector, time, by) {
  return `sum by (${by}) (${either(key, (name) => `rate(${name}${selector}[${time}])`)})`;
}

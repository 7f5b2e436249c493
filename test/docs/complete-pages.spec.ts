import { describe, expect, it } from '@jest/globals';
import { createNoopMeter, trace, type Meter } from '@opentelemetry/api';
import { NUDGE_AUTH_ERROR_CODES, NudgeAuthError } from '../../src/common/errors.js';
import { toHttpException } from '../../src/http/nudge-http.exception.js';
import { observe } from '../../src/otel/metrics.js';
import { RenewalTelemetry } from '../../src/otel/renewal-telemetry.js';
import { EVENT_TYPES } from '../operate/support/log-line-samples.js';
import { codeIn, rowsOf, sectionOf, textOf } from './pages.js';

const KINDS = {
  createCounter: 'counter',
  createObservableCounter: 'counter',
  createUpDownCounter: 'up-down counter',
  createObservableUpDownCounter: 'up-down counter',
  createGauge: 'gauge',
  createObservableGauge: 'gauge',
  createHistogram: 'histogram',
} as const satisfies Partial<Record<keyof Meter, string>>;

/** The name, kind and unit of each metric, as the subpath `/otel` creates them. */
function createdMetrics(): string[][] {
  const created: string[][] = [];
  const meter = createNoopMeter();
  for (const [method, kind] of Object.entries(KINDS)) {
    const create = meter[method as keyof typeof KINDS].bind(meter) as (...args: unknown[]) => unknown;
    const record = (name: string, options: { unit: string }): unknown => {
      created.push([`\`${name}\``, `${kind}, \`${options.unit}\``]);
      return create(name, options);
    };
    Object.assign(meter, { [method]: record });
  }
  observe(meter, () => []);
  void new RenewalTelemetry(meter, trace.getTracer('test'));
  return created;
}

describe('a page that lists everything of a kind', () => {
  it('has each error code with its default status, in docs/errors.md', () => {
    const expected = NUDGE_AUTH_ERROR_CODES.map((code) => {
      const status = toHttpException(new NudgeAuthError(code, 'a failure'), () => 0).getStatus();
      return [`\`${code}\``, String(status)];
    });
    const rows = rowsOf(textOf('docs/errors.md')).map((cells) => cells.slice(0, 2));
    expect(rows).toEqual([['(none)', '401'], ...expected]);
  });

  it('has each type of event, in docs/events.md', () => {
    const types = rowsOf(textOf('docs/events.md')).flatMap(([type = '']) => codeIn(type));
    expect(types.toSorted()).toEqual([...EVENT_TYPES].toSorted());
  });

  it('has each metric with its kind and unit, in docs/telemetry.md', () => {
    const rows = rowsOf(sectionOf('docs/telemetry.md', '## Metrics'));
    const listed = rows.map(([name = '', kind = '']) => [name, kind.replace(/: 0 or 1$/, '')]);
    const byName = ([a = '']: string[], [b = '']: string[]): number => (a < b ? -1 : 1);
    expect(listed.toSorted(byName)).toEqual(createdMetrics().toSorted(byName));
  });
});

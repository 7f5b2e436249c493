import { writeFileSync } from 'node:fs';
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { ADAPTERS, VARIANT_TITLES, VARIANTS, type Variant } from './measures/endpoint.js';
import { recorded } from './results.js';

/** A colour that is readable on white and on black. */
const INK = '#808080';
const OURS = '#2a9d5c';
const OTHERS = '#8a94a6';

/** Variants that only show the upper limit. No application would be written like this. */
const UPPER_LIMITS: readonly Variant[] = ['node:http', 'written directly'];

function bars(
  title: string,
  unit: string,
  rows: readonly { name: string; value: number; group?: string }[],
): TopLevelSpec {
  const isGrouped = rows.some(({ group }) => group !== undefined);
  const chart = {
    width: 460,
    height: { step: 20 },
    encoding: {
      y: { field: 'name', type: 'nominal', title: null, sort: null, axis: { labelLimit: 260 } },
      x: { field: 'value', type: 'quantitative', title: unit },
    },
    layer: [
      {
        mark: { type: 'bar', cornerRadiusEnd: 2 },
        encoding: {
          color: {
            field: 'isOurs',
            type: 'nominal',
            legend: null,
            scale: { domain: [true, false], range: [OURS, OTHERS] },
          },
        },
      },
      {
        mark: { type: 'text', align: 'left', dx: 4, color: INK },
        encoding: { text: { field: 'value', type: 'quantitative', format: ',.0f' } },
      },
    ],
  };
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
    background: 'transparent',
    padding: 8,
    config: {
      axis: {
        labelColor: INK,
        titleColor: INK,
        gridColor: INK,
        gridOpacity: 0.2,
        domainColor: INK,
        tickColor: INK,
      },
      header: { labelColor: INK, titleColor: INK },
      title: { color: INK },
      view: { stroke: null },
      font: 'sans-serif',
    },
    title: { text: title, anchor: 'start' },
    data: { values: rows.map((row) => ({ ...row, isOurs: /endpoint|nudge/.test(row.name) })) },
    ...(isGrouped
      ? { facet: { row: { field: 'group', type: 'nominal', title: null, sort: null } }, spec: chart }
      : chart),
  } as unknown as TopLevelSpec;
}

async function draw(file: URL, spec: TopLevelSpec): Promise<void> {
  const view = new View(parse(compile(spec).spec), { renderer: 'none' });
  writeFileSync(file, `${await view.toSVG()}\n`);
}

/** Draws the results of the last full run, each as an SVG beside its JSON. */
export async function writePictures(folder: URL): Promise<void> {
  const endpoint = recorded(folder, 'endpoint')?.result;
  for (const adapter of endpoint === undefined ? [] : ADAPTERS) {
    const rows = (endpoint?.groups ?? [])
      .filter((group) => group.adapter === adapter)
      .flatMap(({ algorithm, requestsPerSecond }) =>
        VARIANTS.filter((variant) => !UPPER_LIMITS.includes(variant)).map((variant) => ({
          group: algorithm,
          name: variant === 'endpoint' ? 'the guarded endpoint' : VARIANT_TITLES[variant],
          value: requestsPerSecond[variant].median,
        })),
      );
    const title = `Requests a second on ${adapter === 'fastify' ? 'Fastify' : 'Express'}, one core`;
    await draw(new URL(`endpoint-${adapter}.svg`, folder), bars(title, 'requests a second', rows));
  }
  const getToken = recorded(folder, 'get-token')?.result;
  if (getToken !== undefined) {
    const rows = Object.entries(getToken.nanosecondsPerCall).map(([name, { median }]) => ({
      name,
      value: median,
    }));
    const spec = bars('A held token, nanoseconds a call', 'nanoseconds', rows);
    await draw(new URL('get-token.svg', folder), spec);
  }
}

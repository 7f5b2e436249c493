import { HOUR_S, HOURS } from './simulation.mjs';

const WIDTH = 960;
const HEIGHT = 420;
const LEFT = 78;
const RIGHT = 16;
const TOP = 56;
const BOTTOM = 48;
const LEAST = 10;
const MOST = 1_000_000;

const x = (second) => LEFT + (second / (HOURS * HOUR_S)) * (WIDTH - LEFT - RIGHT);
const y = (count) => {
  const share =
    (Math.log10(Math.max(LEAST, count)) - Math.log10(LEAST)) / (Math.log10(MOST) - Math.log10(LEAST));
  return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
};

/** The points of a line with the busiest second of each minute. */
function line(load) {
  const points = [];
  for (let second = 0; second < load.length; second += 60) {
    const most = Math.max(...load.subarray(second, second + 60));
    points.push(`${x(second + 30).toFixed(1)},${y(most).toFixed(1)}`);
  }
  return points.join(' ');
}

function grid() {
  const lines = [];
  for (let count = LEAST; count <= MOST; count *= 10) {
    const at = y(count).toFixed(1);
    lines.push(
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}"/>`,
      `<text class="tick" x="${LEFT - 8}" y="${at}" dy="4" text-anchor="end">${count.toLocaleString('en')}</text>`,
    );
  }
  for (let hour = 0; hour <= HOURS; hour += 1) {
    const at = x(hour * HOUR_S).toFixed(1);
    lines.push(
      `<text class="tick" x="${at}" y="${HEIGHT - BOTTOM + 20}" text-anchor="middle">${hour} h</text>`,
    );
  }
  return lines.join('\n  ');
}

/** The endpoint's load over eight hours, the busiest second of every minute, on a logarithmic scale. */
export function picture({ kept, module }) {
  const outage = { from: x(5 * HOUR_S), width: x(5 * HOUR_S + 600) - x(5 * HOUR_S) };
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="title desc">
  <title id="title">Requests a second from 1,000,000 clients, half of which arrive within 30 seconds</title>
  <desc id="desc">A shared token that is kept until it expires brings all clients back in one second, every hour. With the module the load is even from the third hour on, also after an outage of ten minutes.</desc>
  <style>
    svg { background: #ffffff; font: 13px system-ui, sans-serif; }
    text { fill: #1c1a27; } .tick { fill: #5c586b; font-size: 12px; }
    .grid { stroke: #e4e2ec; } .outage { fill: #b3202f; opacity: 0.14; }
    .kept { fill: none; stroke: #a3450c; stroke-width: 1.5; } .module { fill: none; stroke: #5b3fd6; stroke-width: 2; }
    .kept-text { fill: #a3450c; } .module-text { fill: #5b3fd6; } .outage-text { fill: #b3202f; font-size: 12px; }
  </style>
  <text x="${LEFT}" y="22">Requests a second at the endpoint (busiest second of each minute, logarithmic)</text>
  <text class="kept-text" x="${LEFT}" y="42">kept until it expires</text>
  <text class="module-text" x="${LEFT + 160}" y="42">this module, 100 pods</text>
  ${grid()}
  <rect class="outage" x="${outage.from.toFixed(1)}" width="${outage.width.toFixed(1)}" y="${TOP}" height="${HEIGHT - TOP - BOTTOM}"/>
  <text class="outage-text" x="${(outage.from + outage.width + 5).toFixed(1)}" y="${TOP + 14}">Nudge is down</text>
  <polyline class="kept" points="${line(kept)}"/>
  <polyline class="module" points="${line(module)}"/>
</svg>
`;
}

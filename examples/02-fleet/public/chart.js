import uPlot from './uplot/uPlot.esm.js';

const SHOWN_S = 120;
/** Words of marks that are close to each other stand in rows below each other. */
const MARK_ROWS = 3;
/** The same for both panels, so that their times stand below each other. */
const VALUES_WIDTH_PX = 40;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** What each panel draws. The first has room for the words of the marks, the last for the times. */
const PANELS = [
  {
    title: 'Requests served per second',
    valueOf: ({ served }) => served,
    colour: '--served',
    heightPx: 130,
    highest: (most) => Math.max(20, most * 1.6),
    paths: uPlot.paths.linear(),
    hasWords: true,
  },
  {
    title: 'Calls to Nudge per second',
    // A bar without height would still have an outline.
    valueOf: ({ nudgeCalls }) => (nudgeCalls === 0 ? null : nudgeCalls),
    colour: '--nudge',
    heightPx: 110,
    highest: (most) => Math.max(4, most),
    paths: uPlot.paths.bars({ size: [0.6, 10], align: -1 }),
    hasTimes: true,
  },
];

const axis = {
  font: '12px system-ui, sans-serif',
  stroke: () => colour('--soft'),
  grid: { stroke: () => colour('--line'), width: 1 },
  ticks: { show: false },
};

const timeOf = (second) => (second === 0 ? 'now' : `${-second} s ago`);

function plotOptions(panel, width) {
  return {
    width,
    height: panel.heightPx,
    cursor: { show: false },
    legend: { show: false },
    padding: [8, 12, 0, 0],
    scales: {
      x: { time: false, range: [-SHOWN_S, 0] },
      y: { range: (_plot, _least, most) => [0, panel.highest(most)] },
    },
    axes: [
      {
        ...axis,
        size: panel.hasTimes ? 26 : 8,
        incrs: [30],
        values: (_plot, seconds) => seconds.map((second) => (panel.hasTimes ? timeOf(second) : '')),
      },
      { ...axis, size: VALUES_WIDTH_PX, space: 28, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] },
    ],
    series: [
      {},
      {
        stroke: () => colour(panel.colour),
        fill: () => `${colour(panel.colour)}40`,
        width: 2,
        paths: panel.paths,
        points: { show: false },
      },
    ],
  };
}

/** A mark is an element of the page, not of the canvas: a line through both panels, with its words in the first. */
function newMark(plot) {
  const line = document.createElement('div');
  line.className = 'mark';
  line.append(document.createElement('span'));
  plot.over.append(line);
  return line;
}

function drawMarks(plot, marks, nowMs, hasWords) {
  const lines = [...plot.over.querySelectorAll('.mark')];
  for (const surplus of lines.splice(marks.length)) surplus.remove();
  marks.forEach(({ atMs, text }, index) => {
    const second = Math.min(0, (atMs - nowMs) / 1_000);
    const line = lines[index] ?? newMark(plot);
    line.style.left = `${plot.valToPos(second, 'x')}px`;
    line.style.setProperty('--row', index % MARK_ROWS);
    line.classList.toggle('words-on-the-left', second > -SHOWN_S / 3);
    line.firstChild.textContent = hasWords ? text : '';
  });
}

/** Requests and calls to Nudge of the last two minutes, one panel below the other, and what happened meanwhile. */
export class FleetChart {
  #element;
  #plots;
  #history = { seconds: [], marks: [] };

  constructor(element) {
    this.#element = element;
    this.#plots = PANELS.map((panel) => {
      const figure = document.createElement('figure');
      const caption = document.createElement('figcaption');
      caption.textContent = panel.title;
      caption.style.setProperty('--key', `var(${panel.colour})`);
      figure.append(caption);
      element.append(figure);
      return new uPlot(plotOptions(panel, element.clientWidth), [[], []], figure);
    });
    new ResizeObserver(() => this.#fit()).observe(element);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#draw());
  }

  show(history) {
    this.#history = history;
    this.#draw();
  }

  #fit() {
    const width = this.#element.clientWidth;
    for (const plot of this.#plots) plot.setSize({ width, height: plot.height });
    this.#draw();
  }

  #draw() {
    const { seconds, marks } = this.#history;
    const nowMs = seconds.at(-1)?.atMs ?? 0;
    const times = seconds.map(({ atMs }) => (atMs - nowMs) / 1_000);
    PANELS.forEach(({ valueOf, hasWords }, index) => {
      const plot = this.#plots[index];
      plot.setData([times, seconds.map(valueOf)]);
      drawMarks(plot, marks, nowMs, hasWords);
    });
    this.#element.setAttribute('aria-label', this.#summary());
  }

  #summary() {
    const { seconds, marks } = this.#history;
    const last = seconds.at(-1)?.served ?? 0;
    const calls = seconds.reduce((sum, { nudgeCalls }) => sum + nudgeCalls, 0);
    const happened = marks.map(({ text }) => text).join(', ') || 'nothing else happened';
    return `The last two minutes: now ${last} requests served per second; ${calls} calls to Nudge in all; ${happened}.`;
  }
}

import { FleetChart } from './chart.js';

const LOOK_EVERY_MS = 500;

const element = (id) => document.getElementById(id);
const count = (number) => number.toLocaleString('en');
const chart = new FleetChart(element('chart'));
let isAsking = false;

function cell(text) {
  const made = document.createElement('td');
  made.textContent = text;
  return made;
}

function row({ pid, served, storeAvailable }, mostServed) {
  const line = document.createElement('tr');
  const bar = document.createElement('span');
  bar.className = 'bar';
  bar.style.setProperty('--share', mostServed === 0 ? 0 : served / mostServed);
  const servedCell = cell(count(served));
  servedCell.append(bar);
  line.append(cell(pid), servedCell, cell(storeAvailable ? 'yes' : 'no, works alone'));
  line.dataset.tone = storeAvailable ? 'good' : 'alone';
  return line;
}

function show(stats) {
  element('served').textContent = count(stats.served);
  element('refused').textContent = count(stats.refused);
  element('nudge-calls').textContent = count(stats.nudgeCalls);
  element('most-at-once').textContent = stats.mostAtOnce;
  if (stats.nudgeCalls > 0) element('ratio').textContent = count(Math.round(stats.served / stats.nudgeCalls));
  element('redis').textContent = `Redis: ${stats.redis}`;

  isAsking = stats.isAsking;
  element('load').setAttribute('aria-pressed', String(isAsking));
  element('load').textContent = isAsking ? 'Stop asking' : 'Start asking';

  const processes = stats.processes.toSorted((a, b) => a.pid - b.pid);
  const mostServed = Math.max(...processes.map(({ served }) => served));
  element('processes').replaceChildren(...processes.map((one) => row(one, mostServed)));
  chart.show(stats.history);
}

async function look() {
  try {
    const stats = await (await fetch('/demo/stats')).json();
    // A process that has just started knows nothing yet.
    if (stats.processes !== undefined) show(stats);
  } catch {
    // The request reached a process that has just ended.
  }
}

async function request(deed) {
  await fetch(`/demo/${deed}`, { method: 'POST' });
  await look();
}

element('load').addEventListener('click', () => void request(isAsking ? 'stop-asking' : 'start-asking'));
for (const button of document.querySelectorAll('[data-deed]')) {
  button.addEventListener('click', () => void request(button.dataset.deed));
}
setInterval(() => void look(), LOOK_EVERY_MS);
await look();

const LOOK_EVERY_MS = 500;
const ASK_EVERY_MS = 100;
const ASKED_TOGETHER = 10;
const BURST = 500;

const element = (id) => document.getElementById(id);
let served = 0;
let refused = 0;
let jwt;

async function signIn() {
  const answer = await fetch('/demo/login', { method: 'POST' });
  ({ accessToken: jwt } = await answer.json());
}

async function askForToken() {
  try {
    if (jwt === undefined) await signIn();
    const answer = await fetch('/nudge/token', { headers: { authorization: `Bearer ${jwt}` } });
    await answer.arrayBuffer();
    if (answer.status === 200) served += 1;
    else refused += 1;
  } catch {
    // A killed process closes its connections. The browser's next request reaches another process.
    refused += 1;
  }
}

async function ask(count) {
  await Promise.all(Array.from({ length: count }, askForToken));
}

function row({ pid, served: count, storeAvailable }) {
  const cells = [pid, count.toLocaleString('en'), storeAvailable ? 'yes' : 'no, works alone'];
  const line = document.createElement('tr');
  for (const text of cells) {
    const cell = document.createElement('td');
    cell.textContent = text;
    line.append(cell);
  }
  line.dataset.tone = storeAvailable ? 'good' : 'alone';
  return line;
}

async function look() {
  try {
    const stats = await (await fetch('/demo/stats')).json();
    if (stats.processes === undefined) return;
    element('nudge-calls').textContent = stats.nudgeCalls;
    element('most-at-once').textContent = stats.mostAtOnce;
    element('redis').textContent = `Redis: ${stats.redis}`;
    element('processes').replaceChildren(...stats.processes.toSorted((a, b) => a.pid - b.pid).map(row));
    if (stats.nudgeCalls > 0) element('ratio').textContent = Math.round(served / stats.nudgeCalls);
  } catch {
    // The request reached a process that has just ended.
  }
  element('served').textContent = served.toLocaleString('en');
  element('refused').textContent = refused.toLocaleString('en');
}

let asking;
element('load').addEventListener('click', ({ currentTarget }) => {
  if (asking === undefined) asking = setInterval(() => void ask(ASKED_TOGETHER), ASK_EVERY_MS);
  else asking = clearInterval(asking);
  const isAsking = asking !== undefined;
  currentTarget.setAttribute('aria-pressed', String(isAsking));
  currentTarget.textContent = isAsking ? 'Stop asking' : 'Start asking';
});
element('burst').addEventListener('click', () => void ask(BURST));
for (const button of document.querySelectorAll('[data-deed]')) {
  button.addEventListener('click', () => void fetch(`/demo/${button.dataset.deed}`, { method: 'POST' }));
}
setInterval(() => void look(), LOOK_EVERY_MS);
await look();

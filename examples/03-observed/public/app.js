const LOOK_EVERY_MS = 1_000;

const element = (id) => document.getElementById(id);

async function post(path, body = {}) {
  await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  await look();
}

function alertItem({ name, state, severity, summary }) {
  const item = document.createElement('li');
  item.textContent = `${name} (${severity}, ${state}): ${summary}`;
  Object.assign(item.dataset, { state, severity });
  return item;
}

function noAlert() {
  const item = document.createElement('li');
  item.textContent = 'none';
  return item;
}

function valueRow({ title, of, value }) {
  const row = document.createElement('tr');
  for (const text of [of === '' ? title : `${title}: ${of}`, value.toFixed(1)]) {
    const cell = document.createElement('td');
    cell.textContent = text;
    row.append(cell);
  }
  return row;
}

function show({ nudge, redis, prometheus, alerts, values }, health) {
  element('nudge').textContent = nudge === 'none' ? 'works' : nudge;
  element('redis').textContent = redis;
  element('prometheus').textContent =
    prometheus === undefined
      ? 'Prometheus is not installed, so there are no values and no alerts: sudo apt-get install prometheus'
      : `Prometheus: ${prometheus}`;
  element('alerts').replaceChildren(...(alerts.length === 0 ? [noAlert()] : alerts.map(alertItem)));
  element('values').replaceChildren(...values.map(valueRow));
  element('health').textContent = JSON.stringify(health.details ?? health, undefined, 2);
}

async function look() {
  try {
    const [state, health] = await Promise.all(
      ['/demo/state', '/health/ready'].map(async (path) => (await fetch(path)).json()),
    );
    show(state, health);
  } catch {
    element('prometheus').textContent = 'The example has ended.';
  }
}

for (const button of document.querySelectorAll('[data-fault]')) {
  button.addEventListener('click', () => void post('/demo/nudge', { fault: button.dataset.fault }));
}
for (const button of document.querySelectorAll('[data-redis]')) {
  button.addEventListener('click', () => void post(`/demo/redis/${button.dataset.redis}`));
}
setInterval(() => void look(), LOOK_EVERY_MS);
await look();

const ASK_EVERY_MS = 1_000;

const users = await (await fetch('/demo/users', { method: 'POST' })).json();
const shownUsers = users.map((user) => ({ ...user, answer: '–', isServed: false, served: 0, refused: 0 }));
const sections = new Map();

/** Does what a frontend of the customer does. A real one uses `createRefreshToken` for it. */
async function askAs(user) {
  const answer = await fetch('/nudge/token', { headers: { authorization: `Bearer ${user.accessToken}` } });
  user.isServed = answer.status === 200;
  if (user.isServed) user.served += 1;
  else user.refused += 1;
  user.answer = user.isServed ? '200' : `${answer.status} ${answer.headers.get('nudge-auth-error') ?? ''}`;
}

function sectionOf(customer) {
  const known = sections.get(customer);
  if (known !== undefined) return known;
  const section = document.getElementById('customer').content.firstElementChild.cloneNode(true);
  section.querySelector('h2').textContent = customer;
  for (const button of section.querySelectorAll('button')) {
    button.addEventListener('click', async () => {
      await fetch(`/demo/customers/${customer}/${button.dataset.deed}`, { method: 'POST' });
      await look();
    });
  }
  document.getElementById('customers').append(section);
  sections.set(customer, section);
  return section;
}

function row({ name, answer, isServed, served, refused }) {
  const line = document.createElement('tr');
  for (const text of [name, answer, served, refused]) {
    const cell = document.createElement('td');
    cell.textContent = text;
    line.append(cell);
  }
  line.dataset.tone = isServed ? 'good' : 'bad';
  return line;
}

function show({ id, isKeyRevoked, nudgeCalls }) {
  const section = sectionOf(id);
  const key = section.querySelector('.key');
  key.textContent = isKeyRevoked ? 'Nudge refuses its key.' : 'Nudge accepts its key.';
  key.dataset.tone = isKeyRevoked ? 'bad' : 'good';
  section.querySelector('.note').textContent =
    `Calls to Nudge with a key that it has accepted: ${nudgeCalls}`;
  section
    .querySelector('tbody')
    .replaceChildren(...shownUsers.filter(({ customer }) => customer === id).map(row));
}

async function look() {
  // If the example has stopped, the page stays as it is.
  await Promise.allSettled(shownUsers.map(askAs));
  const answer = await fetch('/demo/customers').catch(() => undefined);
  for (const customer of (await answer?.json()) ?? []) show(customer);
}

setInterval(() => void look(), ASK_EVERY_MS);
await look();

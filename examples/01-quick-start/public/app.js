import { createRefreshToken } from 'nestjs-nudge-auth/client';
import { demo } from './demo-api.js';
import { inWords, RecordingFetch } from './recording-fetch.js';
import { Session } from './session.js';
import { StandInSdk } from './stand-in-sdk.js';
import { Timeline } from './timeline.js';
import { showToken } from './token-view.js';
import { describe } from './words.js';

const CROWD = 50;

const byId = (id) => document.getElementById(id);
const timeline = new Timeline(byId('timeline'), byId('timeline-none'));
const recorder = new RecordingFetch(timeline, () => !sdk.isAsking);
const session = new Session();

// ---- What your app does --------------------------------------------------------------------------------------------

const refreshToken = createRefreshToken({
  endpoint: '/nudge/token',
  headers: session.headers,
  // Names the user. It stays the same when the access token is replaced after it has expired.
  identity: () => session.name,
  fetch: recorder.fetch,
  onEvent: ({ type, pauseMs }) => {
    pausedUntil = performance.now() + pauseMs;
    failure = type === 'token' ? '' : recorder.refusal || type;
  },
});

const sdk = new StandInSdk({
  registerRefreshToken: refreshToken,
  lifeLeftMs: recorder.lifeLeftMs,
  onAsk: (why, answer) => void showAsk(why, answer),
  onChange: render,
});

async function signIn(username) {
  if (!(await session.signIn(username))) return;
  note(`Signed in as ${session.name}`);
  // Drops the token of a user who was signed in before.
  refreshToken.reset();
  forgetFailure();
  sdk.start('signed in');
}

function signOut() {
  if (session.name) note(`${session.name} signed out`);
  session.signOut();
  refreshToken.stop();
  forgetFailure();
  sdk.stop();
}

// ---- What the demo adds --------------------------------------------------------------------------------------------

let stats = { fault: 'none', tokenLifeS: null, served: { withToken: 0, withoutToken: 0 }, nudgeCalls: 0 };
let asks = 0;
let pausedUntil = 0;
/** Why there is no token after the client has made all its attempts. Empty while there is a token. */
let failure = '';

/** Called when another user signs in or the user signs out: results of requests under way must not count. */
function forgetFailure() {
  failure = '';
  recorder.forgetRefusal();
}

/** Starts a new session of the SDK for the same user, so that a button shows its effect at once. */
function startAgain(why) {
  if (!session.name) return;
  refreshToken.reset();
  forgetFailure();
  sdk.start(why);
}

function note(text) {
  timeline.add('you', text);
}

async function showAsk(why, answer) {
  asks += 1;
  const calledAt = performance.now();
  const entry = timeline.add('page', `refreshToken(): ${why}`);
  const token = await answer;
  const tookMs = performance.now() - calledAt;
  entry.finish(
    token === null ? 'null' : `a token${tookMs < 2 ? ', from memory' : ` after ${inWords(tookMs)}`}`,
    token === null ? 'bad' : 'good',
  );
  await refreshStats();
}

/** A failure is not shown, because the next token shows whether the backend can be reached. */
function refreshStats() {
  return showStats(demo.stats()).catch(() => undefined);
}

async function showStats(answer) {
  stats = await answer;
  for (const { id, agoMs, pending, status, durationMs } of stats.lastNudgeCalls) {
    // The call was made before this page was opened.
    if (agoMs > performance.now()) continue;
    const entry = timeline.add('nudge', 'GET /clients/jwt/token', { key: `nudge-${id}`, agoMs });
    if (pending || entry.isFinished) continue;
    entry.finish(`${status ?? 'no answer'} in ${inWords(durationMs ?? 0)}`, status === 200 ? 'good' : 'bad');
  }
  render();
}

function render() {
  const { token } = sdk;
  const focused = document.activeElement;
  const isSignedIn = session.name !== '';
  const { tone, headline, detail } = describe({
    name: session.name,
    isWithdrawn: session.isWithdrawn,
    hasToken: token !== null,
    isAsking: sdk.isAsking,
    fault: stats.fault,
    failure,
  });
  byId('status').dataset.tone = tone;
  // Set only when it changes, because screen readers read it aloud.
  setText('headline', headline);
  setText('detail', detail);
  const waitMs = pausedUntil - performance.now();
  byId('retry').hidden = byId('try-now').hidden = tone !== 'bad';
  setText('retry', waitMs > 0 ? `Tries again in ${Math.ceil(waitMs / 1_000)} s` : 'Trying again …');

  setText('count-asks', asks);
  setText('count-served', stats.served.withToken);
  setText('count-nudge', stats.nudgeCalls);
  byId('count-refused').hidden = stats.served.withoutToken === 0;
  setText('count-refused', `Answered without a token: ${stats.served.withoutToken}`);
  showToken(token, token === null ? 0 : recorder.lifeLeftMs(token));

  byId('sign-out').hidden = !isSignedIn;
  for (const button of document.querySelectorAll('[data-sign-in]')) {
    const isUser = isSignedIn && button.dataset.signIn === session.name.toLowerCase();
    button.hidden = isUser && !session.isWithdrawn;
    button.classList.toggle('primary', !isSignedIn || isUser);
  }
  for (const button of document.querySelectorAll('[data-needs-user]')) button.disabled = !isSignedIn;
  // If the focused button disappears, the focus moves to a visible one, so that keyboard users keep their place.
  if (focused?.hidden) document.querySelector('#status button:not([hidden])').focus();
  press('fault', stats.fault);
  press('life', stats.tokenLifeS);
}

function setText(id, text) {
  const element = byId(id);
  if (element.textContent !== String(text)) element.textContent = text;
}

function press(kind, value) {
  for (const button of document.querySelectorAll(`[data-${kind}]`)) {
    button.setAttribute('aria-pressed', String(button.dataset[kind] === String(value ?? '')));
  }
}

// ---- Buttons -------------------------------------------------------------------------------------------------------

function onClick(selector, action) {
  for (const button of document.querySelectorAll(selector)) {
    button.addEventListener('click', () => {
      Promise.resolve(action(button)).catch((error) => note(`That failed: ${error.message}`));
    });
  }
}

onClick('[data-sign-in]', (button) => signIn(button.dataset.signIn));
onClick('#sign-out', signOut);
onClick('#try-now', () => startAgain('you try again'));

onClick('[data-fault]', async (button) => {
  note(`Nudge: ${button.textContent.toLowerCase()}`);
  await showStats(demo.setFault(button.dataset.fault));
});
onClick('[data-life]', async (button) => {
  note(`New tokens live for ${button.textContent}`);
  await showStats(demo.setTokenLife(button.dataset.life === '' ? null : Number(button.dataset.life)));
  startAgain('a new life');
});
onClick('#forget', async () => {
  note('The backend forgets its token');
  await showStats(demo.forget());
  startAgain('its token is forgotten');
});
onClick('#session-expire', () => {
  note(`${session.name}’s sign-in expires`);
  session.spoil({ isWithdrawn: false });
  startAgain('the page is opened again');
});
onClick('#session-end', () => {
  note(`${session.name}’s sign-in is withdrawn`);
  session.spoil({ isWithdrawn: true });
  startAgain('the page is opened again');
});

onClick('#crowd', async () => {
  const entry = timeline.add('backend', `${CROWD} × GET /nudge/token`);
  const headers = await session.headers();
  const answers = await Promise.all(
    Array.from({ length: CROWD }, () => fetch('/nudge/token', { headers }).then(({ ok }) => ok)),
  );
  const served = answers.filter(Boolean).length;
  entry.finish(`${served} got a token`, served === CROWD ? 'good' : 'bad');
  await refreshStats();
});
onClick('#event', async () => {
  const entry = timeline.add('page', 'An event');
  const token = await sdk.whenReady();
  entry.finish(
    token === null ? 'not sent: no token' : 'sent with the token',
    token === null ? 'bad' : 'good',
  );
});

onClick('#load-campaigns', async () => {
  const response = await fetch('/campaigns', { headers: await session.headers() });
  const { campaigns = [], unavailable } = await response.json();
  const none = unavailable ? `None: ${unavailable}. The page goes on.` : `None: ${response.status}.`;
  setText('campaigns', campaigns.length > 0 ? campaigns.join(' · ') : none);
  await refreshStats();
});

// The countdown runs every second. The counters are fetched only while the page is visible.
setInterval(() => {
  render();
  if (!document.hidden) void refreshStats();
}, 1_000);
void refreshStats();
render();

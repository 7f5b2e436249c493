/**
 * A `fetch` for `createRefreshToken` that shows each request in the timeline and remembers how long each token lives:
 * by `expiresIn`, which is relative, and so holds on a device whose clock is wrong.
 */
export class RecordingFetch {
  /** How the backend refused the last request: its error code or its status; empty when it gave a token or no answer. */
  refusal = '';
  #timeline;
  #isAhead;
  #ends = new Map();
  #epoch = 0;

  /** @param {() => boolean} isAhead Whether a request that is sent now is one that nobody waits for. */
  constructor(timeline, isAhead) {
    this.#timeline = timeline;
    this.#isAhead = isAhead;
  }

  /** Another user is signed in, or none: what is under way says nothing about them. */
  forgetRefusal() {
    this.refusal = '';
    this.#epoch += 1;
  }

  /** Milliseconds that a token has left to live; 0 for one that was never seen. */
  lifeLeftMs = (token) => Math.max((this.#ends.get(token) ?? 0) - performance.now(), 0);

  fetch = async (url, init) => {
    const sentAt = performance.now();
    const epoch = this.#epoch;
    const entry = this.#timeline.add('backend', `GET ${url}${this.#isAhead() ? ', ahead of expiry' : ''}`);
    this.refusal = '';
    try {
      const response = await fetch(url, init);
      const tookMs = performance.now() - sentAt;
      if (response.ok) {
        const { token, expiresIn } = await response.clone().json();
        this.#ends.set(token, sentAt + expiresIn * 1_000);
        entry.finish(`${response.status} in ${inWords(tookMs)}, lives ${inWords(expiresIn * 1_000)}`, 'good');
      } else {
        const code = response.headers.get('Nudge-Auth-Error') ?? '';
        if (epoch === this.#epoch) this.refusal = code || String(response.status);
        entry.finish(`${response.status} in ${inWords(tookMs)} ${code}`, 'bad');
      }
      return response;
    } catch (error) {
      entry.finish(init.signal?.aborted ? 'given up' : 'no answer', 'bad');
      throw error;
    }
  };
}

/** A duration for people. */
export function inWords(ms) {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Number((ms / 1_000).toFixed(ms < 10_000 ? 1 : 0))} s`;
  return `${Math.round(ms / 60_000)} min`;
}

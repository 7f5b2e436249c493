/**
 * A `fetch` for `createRefreshToken` that shows each request in the timeline and remembers how long each token lives.
 * It uses `expiresIn`, which is relative, so it is right on a device with a wrong clock too.
 */
export class RecordingFetch {
  /** The error code or status of the last answer. Empty if the backend gave a token or no answer. */
  refusal = '';
  #timeline;
  #isAhead;
  #ends = new Map();
  #epoch = 0;

  /** @param {() => boolean} isAhead Whether a request that is sent now fetches ahead, so that no call waits for it. */
  constructor(timeline, isAhead) {
    this.#timeline = timeline;
    this.#isAhead = isAhead;
  }

  /** Called when another user signs in or the user signs out: results of requests under way must not count. */
  forgetRefusal() {
    this.refusal = '';
    this.#epoch += 1;
  }

  /** Milliseconds until a token expires; 0 for an unknown token. */
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

/** A duration as text. */
export function inWords(ms) {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Number((ms / 1_000).toFixed(ms < 10_000 ? 1 : 0))} s`;
  return `${Math.round(ms / 60_000)} min`;
}

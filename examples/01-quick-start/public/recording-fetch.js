/**
 * A `fetch` for `createRefreshToken` that shows each request in the timeline and remembers how long each token lives:
 * by `expiresIn`, which is relative, and so holds on a device whose clock is wrong.
 */
export class RecordingFetch {
  /** Why the backend gave no token the last time; empty when it gave one. */
  failure = '';
  #timeline;
  #ends = new Map();

  constructor(timeline) {
    this.#timeline = timeline;
  }

  /** Milliseconds that a token has left to live; 0 for one that was never seen. */
  lifeLeftMs = (token) => Math.max((this.#ends.get(token) ?? 0) - performance.now(), 0);

  fetch = async (url, init) => {
    const sentAt = performance.now();
    const entry = this.#timeline.add('backend', `GET ${url}`);
    try {
      const response = await fetch(url, init);
      const tookMs = performance.now() - sentAt;
      this.failure = response.ok ? '' : (response.headers.get('Nudge-Auth-Error') ?? String(response.status));
      if (response.ok) {
        const { token, expiresIn } = await response.clone().json();
        this.#ends.set(token, sentAt + expiresIn * 1_000);
        entry.finish(`${response.status} in ${inWords(tookMs)}, lives ${inWords(expiresIn * 1_000)}`, 'good');
      } else {
        const code = response.headers.get('Nudge-Auth-Error') ?? '';
        entry.finish(`${response.status} in ${inWords(tookMs)} ${code}`, 'bad');
      }
      return response;
    } catch (error) {
      this.failure = init.signal?.aborted ? 'ABORTED' : 'NETWORK';
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

const MOST_ENTRIES = 80;

/** The list of calls, newest first. */
export class Timeline {
  #list;
  #empty;
  #entries = new Map();

  constructor(list, empty) {
    this.#list = list;
    this.#empty = empty;
  }

  /**
   * @param {'page' | 'backend' | 'nudge' | 'you'} lane The part that is called, or `you` for an action of the user.
   * @param {string} text
   * @param {{ key?: string, agoMs?: number }} [options] A known `key` returns its entry.
   */
  add(lane, text, { key, agoMs = 0 } = {}) {
    const known = key === undefined ? undefined : this.#entries.get(key);
    if (known !== undefined) return known;
    const entry = new Entry(lane, text, performance.now() - agoMs);
    if (key !== undefined) this.#entries.set(key, entry);
    this.#empty.hidden = true;
    // The page hears of the server's calls a little later, so the entry is inserted at its own time.
    const after = [...this.#list.children].find((other) => Number(other.dataset.at) <= entry.at);
    this.#list.insertBefore(entry.element, after ?? null);
    while (this.#list.children.length > MOST_ENTRIES) this.#list.lastChild.remove();
    return entry;
  }
}

const LANES = { page: 'This page', backend: 'Backend', nudge: 'Nudge', you: 'You' };

class Entry {
  isFinished = false;
  element = document.createElement('li');
  #result = make('span', 'result');
  #times = make('span', 'times');

  constructor(lane, text, at) {
    this.at = at;
    this.element.className = `lane-${lane}`;
    this.element.dataset.at = String(at);
    const time = make('time', '', new Date(Date.now() - (performance.now() - at)).toTimeString().slice(0, 8));
    const what = make('div', 'what');
    what.append(make('span', 'lane', LANES[lane]), make('span', 'call', text), this.#result);
    this.element.append(time, what, this.#times);
    if (lane !== 'you') this.element.dataset.tone = 'open';
  }

  /** @param {'good' | 'bad' | 'plain'} tone */
  finish(result, tone) {
    this.isFinished = true;
    this.element.dataset.tone = tone;
    this.#result.textContent = result;
    this.#mergeInto(this.element.nextElementSibling);
  }

  /** Merges equal entries in a row into one with a count. */
  #mergeInto(older) {
    const what = (element) => element.querySelector('.what').textContent;
    if (older?.className !== this.element.className || what(older) !== what(this.element)) return;
    const times = Number(older.dataset.times ?? 1) + 1;
    this.element.dataset.times = String(times);
    this.#times.textContent = `${times} times`;
    older.remove();
  }
}

function make(tag, className, text = '') {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

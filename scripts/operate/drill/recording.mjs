/** What Prometheus would have of the application: a value for each series and scrape. */
export class Recording {
  /** The values of a series by its name and labels; `undefined` where it was absent. */
  series = new Map();
  /** `counter`, `gauge` or `histogram`, by the name of a metric. */
  types = new Map();
  #scrapes = 0;

  get length() {
    return this.#scrapes;
  }

  async scrape(pods) {
    for (const pod of pods) this.#read(await pod.metrics(), pod.name);
    this.#scrapes += 1;
  }

  /** The last scrape once more. */
  repeat(times) {
    for (const values of this.series.values()) {
      const last = values[this.#scrapes - 1];
      for (let index = 0; index < times; index += 1) values[this.#scrapes + index] = last;
    }
    this.#scrapes += times;
  }

  #read(text, instance) {
    for (const line of text.split('\n')) {
      const [, typed, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
      if (typed !== undefined) this.types.set(typed, type);
      const [, name, labels, value] = /^(\w+)\{(.*)\} (\S+)$/.exec(line) ?? [];
      if (name === undefined) continue;
      const key = `${name}{job="shop",instance="${instance}",${labels}}`;
      const values = this.series.get(key) ?? [];
      values[this.#scrapes] = Number(value);
      this.series.set(key, values);
    }
  }
}

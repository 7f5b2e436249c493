/** The series that Prometheus would have scraped from the application: one value for each scrape. */
export class Recording {
  /** The values of a series by its name and labels. A value is `undefined` if the scrape did not have the series. */
  series = new Map();
  /** The type of each metric: `counter`, `gauge` or `histogram`. */
  types = new Map();
  #scrapes = 0;

  get length() {
    return this.#scrapes;
  }

  async scrape(pods) {
    for (const pod of pods) this.#read(await pod.metrics(), pod.name);
    this.#scrapes += 1;
  }

  /** Records the values of the last scrape again. */
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

/** Holds a value that nobody finds by looking: not by `util.inspect`, JSON or a walk over properties. */
export class Sealed<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  open(): T {
    return this.#value;
  }
}

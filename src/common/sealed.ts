/** Holds a value that neither `util.inspect` nor JSON nor a loop over properties shows. */
export class Sealed<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  open(): T {
    return this.#value;
  }
}

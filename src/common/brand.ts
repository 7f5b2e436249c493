/*
 * Lets `instanceof` recognise what a second loaded copy of this package has made: errors cross from one to the other.
 * The marks are registered symbols, which all copies share; they show neither in logs nor in JSON.
 */
const markOf = (brand: string): symbol => Symbol.for(`nestjs-nudge-auth.${brand}`);

/** Marks everything that inherits from the prototype. */
export function brand(prototype: object, name: string): void {
  Object.defineProperty(prototype, markOf(name), { value: true });
}

/** Whether some copy of this package has made the value, of a class of this brand. */
export function isBranded(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && markOf(name) in value;
}

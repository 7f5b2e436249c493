/*
 * Lets `instanceof` recognise objects that a second loaded copy of this package has made: one copy may catch the errors
 * of the other. The marks are registered symbols, which all copies share. They appear neither in logs nor in JSON.
 */
const markOf = (name: string): symbol => Symbol.for(`nestjs-nudge-auth.${name}`);

/** Marks all objects that inherit from the prototype. */
export function brand(prototype: object, name: string): void {
  Object.defineProperty(prototype, markOf(name), { value: true });
}

/** Whether the value is an instance of the branded class, from any copy of this package. */
export function isBranded(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && markOf(name) in value;
}

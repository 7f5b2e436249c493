import * as v from 'valibot';

/*
 * The rules for the values in options, faults and bodies. A rule's message says what a value must be, and never quotes
 * it.
 */

export const text = v.string('must be text');
export const nonEmptyText = v.pipe(text, v.nonEmpty('must not be empty'));
export const flag = v.boolean('must be true or false');

/** A number within these bounds, both included. */
export function numberFrom(min: number, max: number) {
  return v.pipe(v.number('must be a number'), ...within(min, max));
}

/** A whole number within these bounds, both included. */
export function wholeNumberFrom(min: number, max = Number.MAX_SAFE_INTEGER) {
  const must = 'must be a whole number';
  return v.pipe(v.number(must), v.integer(must), ...within(min, max));
}

function within(min: number, max: number) {
  return [
    v.minValue<number, number, string>(min, `must be at least ${min}`),
    v.maxValue<number, number, string>(max, `must be at most ${max}`),
  ] as const;
}

/** One of these values. */
export function oneOf<const Values extends readonly (string | number | boolean)[]>(...values: Values) {
  const names = values.map((value) => JSON.stringify(value)).join(', ');
  return v.custom<Values[number]>(
    (input) => values.some((value) => value === input),
    `must be one of ${names}`,
  );
}

/** Valibot drops these names from its output without a problem. */
const DROPPED_NAMES = ['__proto__', 'prototype', 'constructor'];

/** Whether the value is an object without a name that would be dropped. */
export function isObjectOfKeptNames(value: unknown): value is object {
  return isObject(value) && !DROPPED_NAMES.some((name) => Object.hasOwn(value, name));
}

/** An object with these fields and no others. The error names the known fields. */
export function strictObject<const Entries extends v.ObjectEntries>(entries: Entries) {
  const names = Object.keys(entries);
  const must = `must be an object with: ${names.join(', ')}`;
  // The error for a missing field says what the field must be, like the error for a wrong one.
  const missing = ({ path }: v.BaseIssue<unknown>): string => {
    const field = entries[String(path?.[0].key)];
    const issues = field && v.safeParse(field, undefined).issues;
    return issues?.[0].message ?? must;
  };
  return v.pipe(
    v.custom<object>(isObjectOfKeptNames, must),
    v.looseObject(entries, missing),
    v.rawCheck(({ dataset, addIssue }) => {
      const unknown = Object.keys(dataset.value as object).filter((name) => !names.includes(name));
      if (unknown.length === 0) return;
      addIssue({ message: `unknown field ${unknown.join(', ')}; the fields are: ${names.join(', ')}` });
    }),
  ) as unknown as v.GenericSchema<
    v.InferInput<v.ObjectSchema<Entries, undefined>>,
    v.InferOutput<v.ObjectSchema<Entries, undefined>>
  >;
}

const MOST_JSON_LEVELS = 100;

/** Whether JSON can hold the value, in at most 100 levels: many more would exceed the stack. */
export function isJson(value: unknown, levels = MOST_JSON_LEVELS): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object') return false;
  if (levels === 0) return false;
  return (
    (Array.isArray(value) || isPlainObject(value)) &&
    Object.values(value).every((part) => isJson(part, levels - 1))
  );
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

import { z } from 'zod';

/** A whole number within bounds; whatever is wrong with it, the sentence says what it must be. */
export function wholeNumber(min: number, max: number, unit: string, hint = ''): z.ZodOptional<z.ZodNumber> {
  const error = ({ input }: { readonly input?: unknown }): string => {
    const asText = typeof input === 'string' ? ', given as a number: this is text' : '';
    return `must be a whole number of ${unit} from ${min} to ${max}${asText}${hint}`;
  };
  return z.number({ error }).int({ error }).min(min, { error }).max(max, { error }).optional();
}

/** A function, said by what it does. */
export function functionThat(does: string): z.ZodType {
  return z.custom((value) => typeof value === 'function', { error: `must be a function that ${does}` });
}

/** Any object, said by what it shall be. */
export function objectOf(what: string): z.ZodType {
  return z.custom((value) => typeof value === 'object' && value !== null, { error: `must be ${what}` });
}

/** Rules between options run whatever else is wrong, so that all problems are reported at once. */
export function isObject({ value }: { value: unknown }): boolean {
  return typeof value === 'object' && value !== null;
}

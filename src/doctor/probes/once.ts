import type { DoctorContext } from '../context.js';

/** A look at something outside: done by the first check that asks, remembered for the others. */
export function once<T>(
  look: (context: DoctorContext, signal: AbortSignal) => T,
): (context: DoctorContext, signal: AbortSignal) => T {
  const seen = new WeakMap<DoctorContext, { readonly value: T }>();
  return (context, signal) => {
    const known = seen.get(context) ?? { value: look(context, signal) };
    seen.set(context, known);
    return known.value;
  };
}

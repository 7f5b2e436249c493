import type { DoctorContext } from '../context.js';

/** Runs a probe once for each context. The first check that needs it starts it; the other checks share its result. */
export function once<T>(
  probe: (context: DoctorContext, signal: AbortSignal) => T,
): (context: DoctorContext, signal: AbortSignal) => T {
  const results = new WeakMap<DoctorContext, { readonly value: T }>();
  return (context, signal) => {
    const known = results.get(context) ?? { value: probe(context, signal) };
    results.set(context, known);
    return known.value;
  };
}

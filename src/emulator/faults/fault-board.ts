import { fingerprintOf } from '../../common/secret.js';
import { FAULT_LAYERS, type EmulatorFault, type FaultLayer, type FaultsByLayer } from './fault-catalogue.js';
import type { FaultMatcher } from './fault-kind.js';

/** The parts of a request that a fault's `only` is compared with. */
export interface FaultSubject {
  /** The name of the account that has the request's key. */
  readonly account: string | undefined;
  readonly apiKey: string | undefined;
  readonly extId: string | undefined;
}

/** The faults that hit one request. */
export type FaultHits = { readonly [Layer in FaultLayer]?: FaultsByLayer[Layer] };

/**
 * A fault in a list of faults, with what remains of its `times`. Holds no key.
 *
 * @publicApi
 */
export interface ListedFault {
  readonly layer: FaultLayer;
  /** How many more requests the fault hits; absent for a fault without `times`. */
  readonly remaining?: number;
  readonly fault: Readonly<Record<string, unknown>>;
}

interface ScriptedFault {
  readonly fault: EmulatorFault;
  remaining: number;
}

/** Holds the faults that are set. Each layer has a list; the first fault that matches a request hits it. */
export class FaultBoard {
  readonly #scripts = new Map<FaultLayer, ScriptedFault[]>();

  /** Replaces the faults in the layers of these faults. Other layers keep theirs. */
  set(faults: readonly EmulatorFault[]): void {
    for (const fault of faults) this.#scripts.delete(FAULT_LAYERS[fault.kind]);
    for (const fault of faults) {
      const layer = FAULT_LAYERS[fault.kind];
      const script = this.#scripts.get(layer) ?? [];
      script.push({ fault, remaining: fault.times ?? Number.POSITIVE_INFINITY });
      this.#scripts.set(layer, script);
    }
  }

  clear(): void {
    this.#scripts.clear();
  }

  /** Returns the faults of these layers that hit this request, at most one of each layer, and counts their use. */
  hit(layers: readonly FaultLayer[], subject: FaultSubject): FaultHits {
    return Object.fromEntries(
      layers.flatMap((layer) => {
        const fault = this.#take(layer, subject);
        return fault === undefined ? [] : [[layer, fault]];
      }),
    ) as FaultHits;
  }

  list(): ListedFault[] {
    return [...this.#scripts].flatMap(([layer, script]) =>
      script.map(({ fault, remaining }) => ({
        layer,
        ...(Number.isFinite(remaining) && { remaining }),
        fault: { ...fault, ...(fault.only && { only: withoutKey(fault.only) }) },
      })),
    );
  }

  #take(layer: FaultLayer, subject: FaultSubject): EmulatorFault | undefined {
    const script = this.#scripts.get(layer) ?? [];
    const index = script.findIndex(({ fault }) => matches(fault.only, subject));
    const hit = script[index];
    if (hit === undefined) return undefined;
    hit.remaining -= 1;
    if (hit.remaining === 0) script.splice(index, 1);
    return hit.fault;
  }
}

/** Whether a fault's `only` matches this request. */
function matches(only: FaultMatcher | undefined, subject: FaultSubject): boolean {
  return (['account', 'apiKey', 'extId'] as const).every(
    (field) => only?.[field] === undefined || only[field] === subject[field],
  );
}

/** The matcher with a fingerprint in place of the key. */
function withoutKey({ apiKey, ...rest }: FaultMatcher): Record<string, unknown> {
  return apiKey === undefined ? rest : { ...rest, apiKeyFingerprint: fingerprintOf(apiKey) };
}

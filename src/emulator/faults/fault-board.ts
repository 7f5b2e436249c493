import { fingerprintOf } from '../../common/secret.js';
import { FAULT_LAYERS, type EmulatorFault, type FaultLayer, type FaultsByLayer } from './fault-catalogue.js';
import type { FaultMatcher } from './fault-kind.js';

/** What a fault's `only` is held against. */
export interface FaultSubject {
  /** The name of the account whose key it is. */
  readonly account: string | undefined;
  readonly apiKey: string | undefined;
  readonly extId: string | undefined;
}

/** The faults that hit one request. */
export type FaultHits = { readonly [Layer in FaultLayer]?: FaultsByLayer[Layer] };

/**
 * A fault as it is listed: what is left of it, and no key.
 *
 * @publicApi
 */
export interface ListedFault {
  readonly layer: FaultLayer;
  /** How many more requests it hits; absent where it has no end. */
  readonly remaining?: number;
  readonly fault: Readonly<Record<string, unknown>>;
}

interface ScriptedFault {
  readonly fault: EmulatorFault;
  remaining: number;
}

/** The faults that are set: per layer a script, served from its front. */
export class FaultBoard {
  readonly #scripts = new Map<FaultLayer, ScriptedFault[]>();

  /** Replaces the scripts of the layers that these faults belong to, and leaves the others alone. */
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

  /** The faults of these layers that hit this request: of each the first that matches, which is thereby used once. */
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

/** Whether a fault is meant for this request. */
function matches(only: FaultMatcher | undefined, subject: FaultSubject): boolean {
  return (['account', 'apiKey', 'extId'] as const).every(
    (field) => only?.[field] === undefined || only[field] === subject[field],
  );
}

/** The matcher as it may be shown. */
function withoutKey({ apiKey, ...rest }: FaultMatcher): Record<string, unknown> {
  return apiKey === undefined ? rest : { ...rest, apiKeyFingerprint: fingerprintOf(apiKey) };
}

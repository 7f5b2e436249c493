import { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import { inspect, types } from 'node:util';

/** Secrets that must not leak, and the forms in which they could. */
export class Canaries {
  readonly #needles = new Map<string, readonly string[]>();

  /** Adds a secret under a name that may be printed. */
  plant(name: string, secret: string): this {
    const forms = [
      secret,
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64').replace(/=+$/, ''),
      Buffer.from(secret).toString('hex'),
      JSON.stringify(secret).slice(1, -1),
    ];
    this.#needles.set(name, [...new Set(forms)]);
    return this;
  }

  /** The names of the secrets that a text holds in any form. */
  foundIn(text: string): string[] {
    return [...this.#needles]
      .filter(([, forms]) => forms.some((form) => text.includes(form)))
      .map(([name]) => name);
  }
}

/** All text that can be read from a value by logging, serialising or walking through it. */
export function everythingSaidBy(value: unknown): string {
  const said: string[] = [];
  const seen = new Set<unknown>();
  const walk = (part: unknown): void => {
    if ((typeof part !== 'object' && typeof part !== 'function') || part === null) {
      said.push(String(part));
      return;
    }
    if (seen.has(part)) return;
    seen.add(part);
    if (part instanceof Error) said.push(part.message, String(part.stack), part.toString());
    if (Buffer.isBuffer(part)) said.push(part.toString('latin1'));
    for (const key of Reflect.ownKeys(part)) {
      said.push(String(key));
      walk(Reflect.get(part, key));
    }
  };
  walk(value);
  said.push(inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true }));
  try {
    said.push(JSON.stringify(value));
  } catch {
    // The value has a circular reference. `walk` has already visited everything in it.
  }
  return said.join('\n');
}

/**
 * The texts in all that can be reached from a value through properties and collections, without running a getter. The
 * instances of an application's providers are reached as well, though Nest keeps them in a `WeakMap`.
 */
export function textReachableFrom(root: unknown): string {
  const texts: string[] = [];
  const seen = new Set<object>();
  const left: unknown[] = [root];
  while (left.length > 0) {
    const part = left.pop();
    if (typeof part === 'string') texts.push(part);
    if ((typeof part !== 'object' && typeof part !== 'function') || part === null || seen.has(part)) continue;
    seen.add(part);
    if (types.isMap(part) || types.isSet(part)) left.push(...[...part].flat());
    if (part instanceof InstanceWrapper) left.push(part.instance);
    if (ArrayBuffer.isView(part)) texts.push(Buffer.from(part.buffer).toString('latin1'));
    else
      for (const key of Reflect.ownKeys(part)) left.push(Reflect.getOwnPropertyDescriptor(part, key)?.value);
  }
  return texts.join('\n');
}

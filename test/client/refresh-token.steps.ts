import type { FakeAnswer } from './fake-world.js';

/** One step of a history. */
export type Step =
  | { readonly do: 'call' | 'hide' | 'show' | 'go online' | 'reset' | 'stop' }
  | { readonly do: 'other user' | 'sign out' | 'sign in' | 'renew access' | 'break headers' | 'mend headers' }
  | { readonly do: 'answer'; readonly answer: FakeAnswer | 'network error' }
  | { readonly do: 'answer too late' }
  | { readonly do: 'answer with a token'; readonly expiresIn: number; readonly share: number }
  | { readonly do: 'pass' | 'sleep' | 'set clock'; readonly ms: number };

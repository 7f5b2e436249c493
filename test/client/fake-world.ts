import type { FetchInit, FetchLike, FetchResponse, RefreshTokenClock } from '../../src/client/index.js';

/** Lets all code run that waits for a promise; the fake time stands still. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/** A device whose time passes only when the test says so. */
export class FakeDevice implements RefreshTokenClock {
  private wallMs = 1_700_000_000_000;
  private awakeMs = 5_000;
  private nextId = 1;
  readonly timers = new Map<unknown, Timer>();
  readonly delaysMs: number[] = [];

  readonly Date = { now: (): number => this.wallMs };
  readonly performance = { now: (): number => this.awakeMs };

  setTimeout(callback: () => void, delayMs: number): unknown {
    const id = this.nextId++;
    this.delaysMs.push(delayMs);
    this.timers.set(id, { dueMs: this.awakeMs + delayMs, callback });
    return id;
  }

  clearTimeout(id: unknown): void {
    this.timers.delete(id);
  }

  /** Lets time pass on both clocks, and fires each timer when it is due. */
  async pass(ms: number): Promise<void> {
    await settle();
    const untilMs = this.awakeMs + ms;
    for (let fired = 0; ; fired += 1) {
      if (fired > 10_000) throw new Error('timers fire without end');
      let next: [unknown, Timer] | undefined;
      for (const entry of this.timers) if (!next || entry[1].dueMs < next[1].dueMs) next = entry;
      if (!next || next[1].dueMs > untilMs) break;
      this.timers.delete(next[0]);
      this.move(Math.max(0, next[1].dueMs - this.awakeMs));
      next[1].callback();
      await settle();
    }
    this.move(untilMs - this.awakeMs);
    await settle();
  }

  /** Lets the device sleep: its monotonic clock and its timers stand still. */
  sleep(ms: number): void {
    this.wallMs += ms;
  }

  /** Sets the wall clock forwards or back, as a user may. */
  setWallClock(byMs: number): void {
    this.wallMs += byMs;
  }

  private move(ms: number): void {
    this.wallMs += ms;
    this.awakeMs += ms;
  }
}

/** The endpoint's answer to one request. */
export interface FakeAnswer {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A good answer, in whole seconds as the endpoint sends them. */
export const tokenAnswer = (token: string, expiresIn = 3_600, refreshIn = 3_000): FakeAnswer => ({
  body: { token, expiresAt: '2026-01-01T00:00:00.000Z', expiresIn, refreshIn },
});

/** One request that was sent. */
export interface FakeRequest {
  readonly url: string;
  readonly init: FetchInit;
  isOpen: boolean;
  /** Whether the client has aborted the request. */
  isAborted: boolean;
  answer(answer: FakeAnswer): void;
  fail(): void;
}

const toResponse = ({ status = 200, body, headers = {} }: FakeAnswer): FetchResponse => ({
  ok: status >= 200 && status < 300,
  status,
  headers: new Headers(headers),
  json: async () => {
    if (body === undefined) throw new SyntaxError('Unexpected token <');
    return body;
  },
});

/** An endpoint that gives the answers of a script. After the script's end, the test answers each request. */
export class FakeEndpoint {
  readonly requests: FakeRequest[] = [];
  readonly script: (FakeAnswer | 'network error')[] = [];

  get openRequests(): number {
    return this.requests.filter(({ isOpen, isAborted }) => isOpen && !isAborted).length;
  }

  /** `ignoresAbort`: an aborted request goes on, and may get a late answer. */
  constructor(private readonly ignoresAbort = false) {}

  readonly fetch: FetchLike = (url, init) =>
    new Promise((resolve, reject) => {
      const close = (): void => {
        request.isOpen = false;
      };
      const request: FakeRequest = {
        url,
        init,
        isOpen: true,
        isAborted: false,
        answer: (answer) => {
          close();
          resolve(toResponse(answer));
        },
        fail: () => {
          close();
          reject(new TypeError('Failed to fetch'));
        },
      };
      this.requests.push(request);
      init.signal?.addEventListener('abort', () => {
        request.isAborted = true;
        if (!this.ignoresAbort) request.fail();
      });
      const scripted = this.script.shift();
      if (scripted === 'network error') request.fail();
      else if (scripted) request.answer(scripted);
    });

  /** The latest request. */
  get last(): FakeRequest {
    const request = this.requests.at(-1);
    if (!request) throw new Error('nothing was sent');
    return request;
  }
}

/** Gives Node's global object the parts of a browser's, until `restore()`. */
export class FakeBrowser {
  private readonly events = new EventTarget();
  readonly document = { visibilityState: 'visible' };
  private readonly listeners = new Set<string>();

  constructor() {
    Object.assign(globalThis, {
      document: this.document,
      addEventListener: (type: string, listener: () => void) => {
        this.listeners.add(type);
        this.events.addEventListener(type, listener);
      },
      removeEventListener: (type: string, listener: () => void) => {
        this.listeners.delete(type);
        this.events.removeEventListener(type, listener);
      },
    });
  }

  get isVisible(): boolean {
    return this.document.visibilityState === 'visible';
  }

  get listened(): string[] {
    return [...this.listeners].toSorted();
  }

  show(): void {
    this.document.visibilityState = 'visible';
    this.events.dispatchEvent(new Event('visibilitychange'));
  }

  hide(): void {
    this.document.visibilityState = 'hidden';
    this.events.dispatchEvent(new Event('visibilitychange'));
  }

  comeOnline(): void {
    this.events.dispatchEvent(new Event('online'));
  }

  restore(): void {
    for (const name of ['document', 'addEventListener', 'removeEventListener']) {
      Reflect.deleteProperty(globalThis, name);
    }
  }
}

/** A fake of React Native's `AppState`, which the test changes. */
export class FakeAppState {
  currentState = 'active';
  private listener: ((state: string) => void) | undefined;

  addEventListener(_type: 'change', listener: (state: string) => void): { remove(): void } {
    this.listener = listener;
    return { remove: () => (this.listener = undefined) };
  }

  get isWatched(): boolean {
    return this.listener !== undefined;
  }

  change(state: string): void {
    this.currentState = state;
    this.listener?.(state);
  }
}

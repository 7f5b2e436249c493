import type { IncomingMessage } from 'node:http';
import * as v from 'valibot';
import type { EmulatorFault } from '../faults/fault-catalogue.js';
import { parseFaults } from '../faults/parse-faults.js';
import { flag, strictObject, text } from '../fields.js';
import { errorAnswer, jsonAnswer, type Answer } from '../http/answer.js';
import { readJson, UnsupportedMediaTypeError } from '../http/request-body.js';
import { EmulatorInputError, parseInput } from '../input-error.js';
import { apiKeysSchema, DEFAULT_ACCOUNT, enabledSchema } from './account.js';
import { adminRefusal, type AdminRules } from './admin-access.js';
import type { ReceivedRequest } from './received-request.js';
import type { EmulatorCounters, EmulatorRequestRecord } from './request-log.js';

export const ADMIN_PATH = '/__admin';

/** The parts of an emulator that the admin routes show and change. */
export interface AdminTarget {
  readonly state: {
    readonly faults: readonly unknown[];
    readonly accounts: Readonly<Record<string, unknown>>;
  };
  readonly requests: readonly EmulatorRequestRecord[];
  readonly counters: EmulatorCounters;
  setFault(...faults: readonly EmulatorFault[]): void;
  clearFaults(): void;
  setApiKeys(apiKeys: readonly string[], account: string | undefined): void;
  setEnabled(enabled: boolean, account: string | undefined): void;
  rotateSigningKey(options: { withdrawOld?: boolean; account?: string }): string;
  reset(): void;
}

/** The name of an account. Default: the default account. */
const account = v.optional(text);

/**
 * The options of `rotateSigningKey`.
 *
 * @internal
 */
export const rotationSchema = strictObject({ withdrawOld: v.optional(flag), account });
const apiKeysBody = strictObject({ apiKeys: apiKeysSchema, account });
const enabledBody = strictObject({ enabled: enabledSchema, account });

type Handler = (body: unknown) => unknown;

/** The routes under `/__admin`. They do over HTTP what the methods of an emulator do. Nudge has no such routes. */
export class AdminRoutes {
  readonly #rules: AdminRules;
  readonly #routes: Readonly<Record<string, Readonly<Record<string, Handler>>>>;

  constructor(target: AdminTarget, rules: AdminRules) {
    this.#rules = rules;
    const faults = (): unknown => ({ faults: target.state.faults });
    const parsed = (body: unknown): EmulatorFault[] =>
      parseFaults(body, [DEFAULT_ACCOUNT, ...Object.keys(target.state.accounts)]);
    this.#routes = {
      '/state': { GET: () => target.state },
      '/requests': { GET: () => ({ requests: target.requests }) },
      '/counters': { GET: () => target.counters },
      '/faults': {
        GET: faults,
        POST: (body) => {
          target.setFault(...parsed(body));
          return faults();
        },
        PUT: (body) => {
          const next = parsed(body);
          target.clearFaults();
          target.setFault(...next);
          return faults();
        },
        DELETE: () => {
          target.clearFaults();
          return faults();
        },
      },
      '/api-keys': {
        PUT: (body) => {
          const { apiKeys, account: name } = parseInput('body', apiKeysBody, body);
          target.setApiKeys(apiKeys, name);
          return target.state;
        },
      },
      '/enabled': {
        PUT: (body) => {
          const { enabled, account: name } = parseInput('body', enabledBody, body);
          target.setEnabled(enabled, name);
          return target.state;
        },
      },
      '/signing-key': {
        POST: (body) => ({ kid: target.rotateSigningKey(parseInput('body', rotationSchema, body ?? {})) }),
      },
      '/reset': {
        POST: () => {
          target.reset();
          return target.state;
        },
      },
    };
  }

  /** @throws when the request breaks off before its end. */
  async answer(request: ReceivedRequest, message: IncomingMessage): Promise<Answer> {
    const refusal = adminRefusal(this.#rules, message);
    if (refusal !== undefined) return refusal;
    const methods = this.#routes[request.path.slice(ADMIN_PATH.length)];
    if (methods === undefined) return errorAnswer(404, `Not found. The admin routes are: ${this.#paths()}`);
    const handler = methods[request.method];
    if (handler === undefined) {
      const allow = Object.keys(methods).join(', ');
      return errorAnswer(405, `${request.method} is not allowed here. Allowed: ${allow}`, { Allow: allow });
    }
    try {
      return jsonAnswer(200, handler(await readJson(message)));
    } catch (error) {
      if (error instanceof EmulatorInputError) return errorAnswer(400, error.message);
      if (error instanceof UnsupportedMediaTypeError) return errorAnswer(415, error.message);
      throw error;
    }
  }

  #paths(): string {
    return Object.keys(this.#routes)
      .map((path) => `${ADMIN_PATH}${path}`)
      .join(', ');
  }
}

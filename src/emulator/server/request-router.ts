import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../common/clock.js';
import { REDIRECT_TARGET_PATH } from '../faults/answer-faults.js';
import { dateHeaders } from '../faults/time-faults.js';
import { AnswerSending } from '../http/answer-sending.js';
import { errorAnswer, jsonAnswer, type Answer } from '../http/answer.js';
import type { AccountDirectory } from './account-directory.js';
import { ADMIN_PATH, type AdminRoutes } from './admin-routes.js';
import { readRequest } from './received-request.js';
import type { RequestLog } from './request-log.js';
import { TOKEN_PATH } from './token-request.js';
import type { TokenRoute } from './token-route.js';

/** The path of the public keys that verify EdDSA tokens. Invented: Nudge documents no such path. */
export const JWKS_PATH = '/.well-known/jwks.json';

/** The routes, and the parts that every request needs. */
interface RouterParts {
  readonly clock: Clock;
  readonly log: RequestLog;
  readonly accounts: AccountDirectory;
  readonly admin: AdminRoutes;
  readonly tokenRoute: TokenRoute;
}

/** Sends every request to its route. Records all requests except those to the admin routes and the JWKS. */
export class RequestRouter {
  readonly #parts: RouterParts;

  constructor(parts: RouterParts) {
    this.#parts = parts;
  }

  route(message: IncomingMessage, response: ServerResponse): void {
    const { accounts, admin, log, tokenRoute } = this.#parts;
    const request = readRequest(message);
    if (request.path === ADMIN_PATH || request.path.startsWith(`${ADMIN_PATH}/`)) {
      admin.answer(request, message).then(
        (answer) => this.#reply(response, answer),
        // The caller left in the middle of the request's body.
        () => response.destroy(),
      );
      return;
    }
    if (request.path === JWKS_PATH) return this.#reply(response, jsonAnswer(200, accounts.jwks()));

    const isTokenRoute = request.path === TOKEN_PATH;
    const account = accounts.withKey(request.apiKey)?.account.name;
    const record = log.open(request, { account, elsewhere: !isTokenRoute });
    response.once('close', () => record.end('abandoned'));
    if (isTokenRoute) {
      tokenRoute.handle(request, response, record);
    } else {
      const answer = elsewhere(request.path);
      record.status(answer.status);
      record.end('answered');
      this.#reply(response, answer);
    }
    log.announce();
  }

  #reply(response: ServerResponse, answer: Answer): void {
    const { clock } = this.#parts;
    const headers = { ...answer.headers, ...dateHeaders(clock.now().wallMs, undefined) };
    new AnswerSending(response, { ...answer, headers }, clock, { onStatus() {}, onEnd() {} }).whole();
  }
}

function elsewhere(path: string): Answer {
  return path === REDIRECT_TARGET_PATH
    ? jsonAnswer(200, { message: 'This is the target of emulated redirects (emulator: invented)' })
    : errorAnswer(404, 'Not found');
}

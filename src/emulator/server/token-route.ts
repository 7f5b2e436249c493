import type { ServerResponse } from 'node:http';
import type { Clock } from '../../common/clock.js';
import { answerOf } from '../faults/answer-faults.js';
import { withBodyFault } from '../faults/body-faults.js';
import type { FaultBoard, FaultHits } from '../faults/fault-board.js';
import type { FaultLayer, FaultsByLayer } from '../faults/fault-catalogue.js';
import { dateHeaders } from '../faults/time-faults.js';
import { sendWithFault } from '../faults/transport-faults.js';
import { AnswerSending } from '../http/answer-sending.js';
import { jsonAnswer, type Answer } from '../http/answer.js';
import type { AccountDirectory } from './account-directory.js';
import type { RateLimiter } from './rate-limiter.js';
import type { ReceivedRequest } from './received-request.js';
import type { OpenRecord } from './request-log.js';
import { judge, type Verdict } from './token-request.js';

/** Hit every request, whatever becomes of it. */
const OUTER_LAYERS: readonly FaultLayer[] = ['delay', 'answer', 'body', 'transport', 'clock', 'date'];
/** Hit, and are used up by, only those requests that get a token. */
const TOKEN_LAYERS: readonly FaultLayer[] = ['reuse', 'token'];

/** What is settled about a request when it arrives: the faults that hit it, and what it is to get. */
interface Plan {
  readonly hits: FaultHits;
  readonly verdict: Verdict | { readonly fault: FaultsByLayer['answer'] };
}

/** What the token route works with. */
interface TokenRouteParts {
  readonly clock: Clock;
  readonly accounts: AccountDirectory;
  readonly limiter: RateLimiter;
  readonly faults: FaultBoard;
}

/** `GET /api/clients/jwt/token`: the vendor's verdict, and what the faults make of it. */
export class TokenRoute {
  readonly #parts: TokenRouteParts;

  constructor(parts: TokenRouteParts) {
    this.#parts = parts;
  }

  handle(request: ReceivedRequest, response: ServerResponse, record: OpenRecord): void {
    const { clock } = this.#parts;
    const plan = this.#plan(request);
    const { delay, transport } = plan.hits;
    record.faults(Object.values(plan.hits).map(({ kind }) => kind));

    // Issued before the wait where only the way back is slow.
    const issued = delay?.leg === 'response' ? this.#answer(plan, record) : undefined;
    this.#after(delay?.latencyMs ?? 0, response, () => {
      const answer = issued ?? this.#answer(plan, record);
      const sending = new AnswerSending(response, answer, clock, {
        onStatus: () => record.status(answer.status),
        onEnd: (outcome) => record.end(outcome),
      });
      sendWithFault(sending, transport);
    });
  }

  /** Settled in one go on arrival, so that concurrent requests never race for a fault that hits once. */
  #plan(request: ReceivedRequest): Plan {
    const { faults, accounts, limiter } = this.#parts;
    const { apiKey } = request;
    const known = accounts.withKey(apiKey);
    const extId = request.query.get('extId') ?? undefined;
    const subject = { account: known?.account.name, apiKey, extId };
    const hits = faults.hit(OUTER_LAYERS, subject);
    if (hits.answer !== undefined) return { hits, verdict: { fault: hits.answer } };
    const verdict = judge(request, known, limiter);
    if ('refusal' in verdict) return { hits, verdict };
    return { hits: { ...hits, ...faults.hit(TOKEN_LAYERS, subject) }, verdict };
  }

  #answer({ hits, verdict }: Plan, record: OpenRecord): Answer {
    const vendorNowMs = this.#parts.clock.now().wallMs + (hits.clock?.offsetMs ?? 0);
    const answer = withBodyFault(this.#settle(verdict, hits, vendorNowMs, record), hits.body);
    return { ...answer, headers: { ...answer.headers, ...dateHeaders(vendorNowMs, hits.date) } };
  }

  #settle(verdict: Plan['verdict'], hits: FaultHits, vendorNowMs: number, record: OpenRecord): Answer {
    if ('fault' in verdict) return answerOf(verdict.fault, vendorNowMs);
    if ('refusal' in verdict) return verdict.refusal;
    const { reuse, token: tokenFault } = hits;
    const issued = verdict.account.issuer.issue(verdict.grant, { vendorNowMs, reuse, tokenFault });
    record.issued(issued);
    return jsonAnswer(200, { token: issued.token });
  }

  #after(delayMs: number, response: ServerResponse, action: () => void): void {
    if (delayMs === 0) return action();
    response.once('close', this.#parts.clock.schedule(delayMs, action));
  }
}

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
import { decide, type TokenDecision } from './token-request.js';

/** The layers whose faults hit every request. */
const OUTER_LAYERS: readonly FaultLayer[] = ['delay', 'answer', 'body', 'transport', 'clock', 'date'];
/** The layers whose faults hit only requests that get a token. Other requests do not count as a use of these faults. */
const TOKEN_LAYERS: readonly FaultLayer[] = ['reuse', 'token'];

/** The plan for a request, made when the request arrives: the faults that hit it, and the decision on it. */
interface Plan {
  readonly hits: FaultHits;
  readonly decision: TokenDecision | { readonly fault: FaultsByLayer['answer'] };
}

/** The parts that the token route needs. */
interface TokenRouteParts {
  readonly clock: Clock;
  readonly accounts: AccountDirectory;
  readonly limiter: RateLimiter;
  readonly faults: FaultBoard;
}

/** `GET /api/clients/jwt/token`: gives the vendor's answer, changed by the faults. */
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

    // If only the response is slow, the token is issued before the wait.
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

  /** Makes the plan synchronously on arrival, so that concurrent requests do not compete for a fault that hits once. */
  #plan(request: ReceivedRequest): Plan {
    const { faults, accounts, limiter } = this.#parts;
    const { apiKey } = request;
    const known = accounts.withKey(apiKey);
    const extId = request.query.get('extId') ?? undefined;
    const subject = { account: known?.account.name, apiKey, extId };
    const hits = faults.hit(OUTER_LAYERS, subject);
    if (hits.answer !== undefined) return { hits, decision: { fault: hits.answer } };
    const decision = decide(request, known, limiter);
    if ('refusal' in decision) return { hits, decision };
    return { hits: { ...hits, ...faults.hit(TOKEN_LAYERS, subject) }, decision };
  }

  #answer({ hits, decision }: Plan, record: OpenRecord): Answer {
    const vendorNowMs = this.#parts.clock.now().wallMs + (hits.clock?.offsetMs ?? 0);
    const answer = withBodyFault(this.#decidedAnswer(decision, hits, vendorNowMs, record), hits.body);
    return { ...answer, headers: { ...answer.headers, ...dateHeaders(vendorNowMs, hits.date) } };
  }

  #decidedAnswer(
    decision: Plan['decision'],
    hits: FaultHits,
    vendorNowMs: number,
    record: OpenRecord,
  ): Answer {
    if ('fault' in decision) return answerOf(decision.fault, vendorNowMs);
    if ('refusal' in decision) return decision.refusal;
    const { reuse, token: tokenFault } = hits;
    const issued = decision.account.issuer.issue(decision.grant, { vendorNowMs, reuse, tokenFault });
    record.issued(issued);
    return jsonAnswer(200, { token: issued.token });
  }

  #after(delayMs: number, response: ServerResponse, action: () => void): void {
    if (delayMs === 0) return action();
    response.once('close', this.#parts.clock.schedule(delayMs, action));
  }
}

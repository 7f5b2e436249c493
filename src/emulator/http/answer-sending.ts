import type { ServerResponse } from 'node:http';
import type { Clock } from '../../common/clock.js';
import type { Answer } from './answer.js';

/** What is told about an answer while it leaves. */
export interface Delivery {
  /** The status line leaves, now. */
  onStatus(): void;
  /** Nothing more will be sent. */
  onEnd(outcome: 'answered' | 'dropped'): void;
}

/** One answer on its way to the client: whole, or piece by piece. */
export class AnswerSending {
  /** Empty for a status that has no body. */
  readonly body: Buffer;
  readonly clock: Clock;
  readonly #response: ServerResponse;
  readonly #answer: Answer;
  readonly #delivery: Delivery;

  constructor(response: ServerResponse, answer: Answer, clock: Clock, delivery: Delivery) {
    this.#response = response;
    this.#answer = answer;
    this.#delivery = delivery;
    this.clock = clock;
    this.body = this.#hasBody ? answer.body : Buffer.alloc(0);
    // The only `Date` is the emulator's own; Node would add the machine's.
    response.sendDate = false;
  }

  /** Sends the whole answer, as it should be. */
  whole(): void {
    this.#writeHead(this.body.length);
    this.end(this.body);
  }

  /**
   * Sends status and headers at once, before any of the body.
   *
   * @param contentLength bytes to promise. Left out, the body is chunked.
   */
  sendHead(contentLength?: number): void {
    this.#writeHead(contentLength);
    this.#response.flushHeaders();
  }

  /** @param onWritten called when the part has left the process. */
  write(part: Buffer, onWritten: () => void = () => {}): void {
    this.#response.write(part, onWritten);
  }

  end(lastPart: Buffer): void {
    this.#delivery.onEnd('answered');
    this.#response.end(lastPart);
  }

  /** Closes the connection, whatever has been sent. */
  drop(): void {
    this.#delivery.onEnd('dropped');
    this.#response.destroy();
  }

  /** @param listener called when the connection is gone, by whichever side. */
  onClose(listener: () => void): void {
    this.#response.once('close', listener);
  }

  #writeHead(contentLength: number | undefined): void {
    this.#delivery.onStatus();
    this.#response.writeHead(this.#answer.status, {
      ...this.#answer.headers,
      ...(this.#hasBody && contentLength !== undefined && { 'Content-Length': contentLength }),
    });
  }

  get #hasBody(): boolean {
    return this.#answer.status !== 204 && this.#answer.status !== 304;
  }
}

import type { ServerResponse } from 'node:http';
import type { Clock } from '../../common/clock.js';
import type { Answer } from './answer.js';

/** Gets notice of the steps of one answer. */
export interface Delivery {
  /** The status line is sent now. */
  onStatus(): void;
  /** The answer has ended: nothing more is sent. */
  onEnd(outcome: 'answered' | 'dropped'): void;
}

/** Sends one answer to the client, in one piece or in several. */
export class AnswerSending {
  /** Empty for a status without a body. */
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
    // The emulator writes the `Date` itself, by its own clock. Node would use the machine's clock.
    response.sendDate = false;
  }

  /** Sends the whole answer without a fault. */
  whole(): void {
    this.#writeHead(this.body.length);
    this.end(this.body);
  }

  /**
   * Sends status and headers now, before the body.
   *
   * @param contentLength the value of `Content-Length`, in bytes. Left out: the body is chunked.
   */
  sendHead(contentLength?: number): void {
    this.#writeHead(contentLength);
    this.#response.flushHeaders();
  }

  /** @param onWritten called when the process has written the part to the connection. */
  write(part: Buffer, onWritten: () => void = () => {}): void {
    this.#response.write(part, onWritten);
  }

  end(lastPart: Buffer): void {
    this.#delivery.onEnd('answered');
    this.#response.end(lastPart);
  }

  /** Closes the connection at once. */
  drop(): void {
    this.#delivery.onEnd('dropped');
    this.#response.destroy();
  }

  /** @param listener called when the client or the emulator has closed the connection. */
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

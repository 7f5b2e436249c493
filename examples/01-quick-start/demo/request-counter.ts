import { Injectable } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Demo only: counts the answers of the Nudge endpoint. */
@Injectable()
export class RequestCounter {
  #withToken = 0;
  #withoutToken = 0;

  get totals(): { withToken: number; withoutToken: number } {
    return { withToken: this.#withToken, withoutToken: this.#withoutToken };
  }

  /** The middleware that counts. */
  readonly count = (_request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    response.once('finish', () => {
      if (response.statusCode === 200) this.#withToken += 1;
      else this.#withoutToken += 1;
    });
    next();
  };
}

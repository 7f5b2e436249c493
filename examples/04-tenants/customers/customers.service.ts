import { Injectable } from '@nestjs/common';

/** The app's customers and the keys of their Nudge accounts. Yours come from a database, where the keys are encrypted. */
@Injectable()
export class CustomersService {
  readonly #apiKeys = new Map<string, string>([
    ['acme', 'fake-private-key-1-of-acme'],
    ['globex', 'fake-private-key-1-of-globex'],
  ]);

  get ids(): string[] {
    return [...this.#apiKeys.keys()];
  }

  /** `undefined` where there is no such customer: its users then get 403, and Nudge is not called. */
  nudgeAccountOf(customer: string): { apiKey: string } | undefined {
    const apiKey = this.#apiKeys.get(customer);
    return apiKey === undefined ? undefined : { apiKey };
  }

  setNudgeApiKey(customer: string, apiKey: string): void {
    this.#apiKeys.set(customer, apiKey);
  }
}

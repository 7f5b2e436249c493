import { Injectable } from '@nestjs/common';

/**
 * The app's customers and the keys of their Nudge accounts. In your app they come from a database with encrypted keys.
 */
@Injectable()
export class CustomersService {
  readonly #apiKeys = new Map<string, string>([
    ['acme', 'fake-private-key-1-of-acme'],
    ['globex', 'fake-private-key-1-of-globex'],
  ]);

  get ids(): string[] {
    return [...this.#apiKeys.keys()];
  }

  /** `undefined` for an unknown customer. Its users then get a 403, and Nudge is not called. */
  nudgeAccountOf(customer: string): { apiKey: string } | undefined {
    const apiKey = this.#apiKeys.get(customer);
    return apiKey === undefined ? undefined : { apiKey };
  }

  setNudgeApiKey(customer: string, apiKey: string): void {
    this.#apiKeys.set(customer, apiKey);
  }
}

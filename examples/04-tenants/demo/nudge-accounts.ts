import { Injectable } from '@nestjs/common';
import { NudgeTokenService } from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { CustomersService } from '../customers/customers.service.js';

/** What the page shows about a customer. */
export interface CustomerView {
  readonly id: string;
  readonly isKeyRevoked: boolean;
  /** Calls to Nudge with a key of this customer's account. */
  readonly nudgeCalls: number;
}

/** Demo only: does what a customer would do in the dashboard of its Nudge account. The emulator has the accounts. */
@Injectable()
export class NudgeAccounts {
  readonly #revoked = new Set<string>();
  #keysMade = 1;

  constructor(
    private readonly nudge: NudgeEmulator,
    private readonly customers: CustomersService,
    private readonly nudgeTokens: NudgeTokenService,
  ) {}

  get view(): CustomerView[] {
    return this.customers.ids.map((id) => ({
      id,
      isKeyRevoked: this.#revoked.has(id),
      nudgeCalls: this.nudge.counters.byAccount[id] ?? 0,
    }));
  }

  /** Makes Nudge refuse the customer's key from now on. The app does not know it yet. */
  async revoke(customer: string): Promise<void> {
    this.#revoked.add(customer);
    this.nudge.setApiKeys([this.#newKey(customer)], customer);
    // Only for the demo, so that you see the effect: the held token would serve until it expires.
    await this.nudgeTokens.invalidate({ tenant: customer });
  }

  /** Makes a new key for the customer and sets it in the app. */
  async restore(customer: string): Promise<void> {
    this.#revoked.delete(customer);
    const apiKey = this.#newKey(customer);
    this.nudge.setApiKeys([apiKey], customer);
    this.customers.setNudgeApiKey(customer, apiKey);
    // Makes the app read the new key at once and not only within a minute.
    await this.nudgeTokens.invalidate({ tenant: customer });
  }

  #newKey(customer: string): string {
    this.#keysMade += 1;
    return `fake-private-key-${this.#keysMade}-of-${customer}`;
  }
}

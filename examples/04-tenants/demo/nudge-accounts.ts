import { Injectable } from '@nestjs/common';
import { NudgeTokenService } from 'nestjs-nudge-auth';
import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { CustomersService } from '../customers/customers.service.js';

/** What the page shows of a customer. */
export interface CustomerView {
  readonly id: string;
  readonly isKeyRevoked: boolean;
  /** Calls that Nudge got with a key of this customer's account. */
  readonly nudgeCalls: number;
}

/** Demo only: what the customers do in the dashboard of their Nudge accounts, which the emulator plays. */
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

  /** The customer's key is worth nothing from now on, and the app does not know it yet. */
  async revoke(customer: string): Promise<void> {
    this.#revoked.add(customer);
    this.nudge.setApiKeys([this.#newKey(customer)], customer);
    // Only so that there is something to watch: the token in hand would serve for the rest of its hour.
    await this.nudgeTokens.invalidate({ tenant: customer });
  }

  /** The customer makes a new key and enters it in the app. */
  async restore(customer: string): Promise<void> {
    this.#revoked.delete(customer);
    const apiKey = this.#newKey(customer);
    this.nudge.setApiKeys([apiKey], customer);
    this.customers.setNudgeApiKey(customer, apiKey);
    // Has the new key asked for at once, instead of within a minute.
    await this.nudgeTokens.invalidate({ tenant: customer });
  }

  #newKey(customer: string): string {
    this.#keysMade += 1;
    return `fake-private-key-${this.#keysMade}-of-${customer}`;
  }
}

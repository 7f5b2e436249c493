import type { LocalRefusal } from '../vendor/call-refusal.js';
import type { VendorGateway } from '../vendor/vendor-gateway.js';
import { fromVendor, type RenewalCall, type RenewedToken, type TokenRenewer } from './renewal.js';

/** Renews tokens for this process alone, because no store is configured. */
export class UnsharedRenewer implements TokenRenewer {
  readonly #gateway: VendorGateway;

  constructor(gateway: VendorGateway) {
    this.#gateway = gateway;
  }

  async renew(call: RenewalCall): Promise<RenewedToken> {
    return fromVendor(await this.#gateway.fetchToken(call), call.newerThan);
  }

  refusal(): LocalRefusal | undefined {
    return this.#gateway.refusal();
  }
}

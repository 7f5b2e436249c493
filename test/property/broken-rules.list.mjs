/**
 * The rules that keep tenants apart, each with a change that breaks it: in `file`, `text` is replaced. A spec must fail
 * then; left out, it is the property.
 *
 * @type {readonly import('./broken-rules.list.mjs').BrokenRule[]}
 */
export const BROKEN_RULES = [
  {
    rule: "an entry's name in a store holds the tenant",
    file: 'src/tenants/tenant.ts',
    text: 'optionsOf([baseUrl, this.id])',
    replacement: 'optionsOf([baseUrl])',
  },
  {
    rule: "an entry's name in a store holds the base URL",
    file: 'src/tenants/tenant.ts',
    text: 'optionsOf([baseUrl, this.id])',
    replacement: 'optionsOf([this.id])',
    spec: 'src/tenants/tenants.spec.ts',
  },
  {
    rule: 'another base URL is another vendor',
    file: 'src/tenants/tenant.ts',
    text: 'if (account.baseUrl !== former.baseUrl) {',
    replacement: 'if (false) {',
  },
  {
    rule: "a key travels to its own account's vendor only",
    file: 'src/tenants/tenant.ts',
    text: '      this.#at = { account };\n      ({ cache',
    replacement: '      this.#at.account = account;\n      ({ cache',
  },
  {
    rule: 'each tenant has a view of the store',
    file: 'src/tenants/tenant.ts',
    text: 'store?.forTenant?.(this.id)',
    replacement: "store?.forTenant?.('every tenant')",
    spec: 'src/tenants/tenants.spec.ts',
  },
  {
    rule: 'each tenant has keys of its own',
    file: 'src/tenants/tenant.ts',
    text: 'apiKeys: this.#keys(),',
    replacement: 'apiKeys: (this.#parts.sharedKeys ??= this.#keys()),',
  },
  {
    rule: 'each tenant has events of its own',
    file: 'src/tenants/tenant.ts',
    text: 'this.events = events.forTenant(fingerprint);',
    replacement: 'this.events = events;',
  },
  {
    rule: "a config that fails holds back only its own tenant's next config",
    file: 'src/tenants/tenant.ts',
    text: 'this.configBackoff = new Backoff(clock, random);',
    replacement: 'this.configBackoff = parts.sharedBackoff ??= new Backoff(clock, random);',
    spec: 'src/tenants/tenants.spec.ts',
  },
  {
    rule: "a vendor's failure holds back only its own tenant",
    file: 'src/vendor/vendor-gateway.ts',
    text: 'this.#backoff = new Backoff(parts.clock, parts.random);',
    replacement: 'this.#backoff = parts.queue.sharedBackoff ??= new Backoff(parts.clock, parts.random);',
  },
  {
    rule: 'a refused key is remembered of its own tenant',
    file: 'src/vendor/api-keys.ts',
    text: '#refusedPrimary: { readonly fingerprint: string; readonly at: Instant } | undefined;',
    replacement:
      'get #refusedPrimary() { return this.#clock.refused; } set #refusedPrimary(refused) { this.#clock.refused = refused; }',
    spec: 'src/tenants/tenants.spec.ts',
  },
  {
    rule: 'a renewed key makes only the tokens of its own tenant old',
    file: 'src/cache/renewals.ts',
    text: '#newestKey: { readonly fingerprint: string; readonly sequence: number } | undefined;',
    replacement:
      'get #newestKey() { return this.#clock.newest; } set #newestKey(newest) { this.#clock.newest = newest; }',
    spec: 'src/tenants/tenants.spec.ts',
  },
  {
    rule: 'ids are compared exactly',
    file: 'src/tenants/tenant-id.ts',
    text: '  return given;',
    replacement: "  return given.trim().toLowerCase() === 'acme' ? 'acme' : given;",
  },
  {
    rule: 'a tenant is found by its own id',
    file: 'src/tenants/known-tenants.ts',
    text: 'if (this.#latest?.id === id) return this.#latest;',
    replacement: 'if (this.#latest !== undefined) return this.#latest;',
  },
  {
    rule: "a question for a tenant's config is joined by its own callers only",
    file: 'src/tenants/tenant-directory.ts',
    text: 'const before = this.#asking.get(id);',
    replacement: 'const before = [...this.#asking.values()][0];',
  },
  {
    rule: "a config's failure is remembered of its own tenant",
    file: 'src/tenants/refused-tenants.ts',
    text: 'const refusal = this.#byId.get(id);',
    replacement: 'const refusal = [...this.#byId.values()][0];',
  },
  {
    rule: 'a tenant that exists no more gets no token',
    file: 'src/tenants/tenant-directory.ts',
    text: '    known.remove(id);\n    void tenant?.dismiss(reason);\n',
    replacement: '',
  },
  {
    rule: 'a tenant that exists again gets a token',
    file: 'src/tenants/tenant-directory.ts',
    text: '    known.remove(id);\n',
    replacement: '',
    spec: 'src/tenants/tenants.spec.ts',
  },
  {
    rule: 'what an evicted entry waits for is remembered of its own tenant',
    file: 'src/cache/token-entries.ts',
    text: 'return `${this.#serial}:${name}`;',
    replacement: 'return name;',
    spec: 'src/tenants/crowded-tenants.spec.ts',
  },
  {
    rule: 'no more tokens are held than there is room for',
    file: 'src/cache/shared-room.ts',
    text: '    // If its only entry was evicted, the set no longer holds the tenant.\n    this.#tenants.add(tenant);\n',
    replacement: '',
    spec: 'src/tenants/crowded-tenants.spec.ts',
  },
  {
    rule: "invalidating a tenant's tokens leaves the other tenants' (in memory)",
    file: 'src/testing/memory-token-store.ts',
    text: 'if (slot.tenant === tenant) this',
    replacement: 'this',
  },
  {
    rule: 'an evicted tenant is remembered with its refused key',
    file: 'src/tenants/known-tenants.ts',
    text: 'this.#former.set(id, oldest);',
    replacement: '',
    spec: 'test/load/noisy-tenants.spec.ts',
  },
  {
    rule: 'a tenant that has its share of the room evicts its own tokens',
    file: 'src/cache/shared-room.ts',
    text: 'if (tenant.size >= share && tenant.size > 0) return tenant;',
    replacement: 'for (const other of this.#tenants) if (other !== tenant) return other;',
    spec: 'test/load/noisy-tenants.spec.ts',
  },
  {
    rule: 'tenants take turns',
    file: 'src/tenants/tenant.ts',
    text: 'lane: this.id,',
    replacement: "lane: 'every tenant',",
    spec: 'test/load/noisy-tenants.spec.ts',
  },
  {
    rule: 'the calls of one tenant do not take all places',
    file: 'src/tenants/vendor-origins.ts',
    text: 'mostPerLane: 50',
    replacement: 'mostPerLane: 100',
    spec: 'src/tenants/crowded-tenants.spec.ts',
  },
  {
    rule: 'vendors of different origins have budgets of their own',
    file: 'src/tenants/vendor-origins.ts',
    text: 'const { origin } = new URL(baseUrl);',
    replacement: "const origin = 'https://every.origin';",
    spec: 'src/tenants/tenants.spec.ts',
  },
  {
    rule: 'nothing is sent to a base URL that is not allowed',
    file: 'src/tenants/tenant-account.ts',
    text: 'if (!baseUrls.includes(comparable)) {',
    replacement: 'if (false) {',
    spec: 'src/tenants/tenants.spec.ts',
  },
  {
    rule: 'invented ids evict no tenant',
    file: 'src/tenants/tenant-directory.ts',
    text: 'this.#refuse(id, unknownTenant());',
    replacement: "known.add(create(id, accountOf({ apiKey: 'invented' })));",
    spec: 'test/load/noisy-tenants.spec.ts',
  },
  {
    rule: "the user's tenant is the verified one",
    file: 'src/endpoint/nudge-token.controller.ts',
    text: "selector.tenant = await this.#askOfUser('tenants.id', tenants.id, request, arrivedAt);",
    replacement:
      "selector.tenant = request.headers['x-tenant'] ?? (await this.#askOfUser('tenants.id', tenants.id, request, arrivedAt));",
    spec: 'test/e2e/tenants.spec.ts',
  },
  {
    rule: 'each tenant has an encryption key of its own in Redis',
    file: 'src/redis/keyring-source.ts',
    text: 'of.forTenant(this.#tenant)',
    replacement: 'of',
    spec: 'test/redis/tenant-views.spec.ts',
  },
  {
    rule: "invalidating a tenant's tokens leaves the other tenants' (in Redis)",
    file: 'src/redis/redis-generations.ts',
    text: 'tenant ?? null]',
    replacement: 'null]',
    spec: 'test/redis/tenant-views.spec.ts',
  },
];

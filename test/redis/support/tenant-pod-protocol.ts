/** An application in a pod, with what its parent decides. */
export interface TenantAppConfig {
  readonly baseUrl: string;
  readonly redisUrl: string;
  readonly encryptionKeys: readonly string[];
  readonly keyPrefix: string;
  readonly scope: 'client' | 'user';
  readonly callsPerMinute?: number;
}

/** What a user of a tenant was told: which of the vendor's keys signed the token, and for whom; or the error's code. */
export interface TenantAnswer {
  readonly tenant: string;
  readonly user: string;
  readonly kid?: string;
  readonly extId?: string;
  readonly code?: string;
}

export type TenantPodCommand =
  | { readonly do: 'start'; readonly app: string; readonly config: TenantAppConfig }
  /** Every user of every tenant asks, all at once. */
  | {
      readonly do: 'ask';
      readonly app: string;
      readonly tenants: readonly string[];
      readonly users: readonly string[];
    }
  /** The tenant's key, as the pod's configuration says from now on. */
  | { readonly do: 'set-key'; readonly tenant: string; readonly apiKey: string }
  | { readonly do: 'invalidate'; readonly app: string; readonly tenant: string }
  /** Bytes of the heap that are in use, after what nobody needs has been collected. */
  | { readonly do: 'heap' };

/** The key of a tenant that no command has changed. */
export function keyOf(tenant: string): string {
  return `obviously-fake-private-key-of-${tenant}`;
}

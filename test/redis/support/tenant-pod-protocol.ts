/** An application in a pod, with what its parent decides. */
export interface TenantAppConfig {
  readonly baseUrl: string;
  readonly redisUrl: string;
  readonly encryptionKeys: readonly string[];
  readonly keyPrefix: string;
  readonly scope: 'client' | 'user';
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
  | { readonly do: 'has-store'; readonly app: string }
  /** How often the application has gone on without its store. */
  | { readonly do: 'count-losses'; readonly app: string };

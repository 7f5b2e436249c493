/** The settings of an application in a pod. */
export interface TenantAppConfig {
  readonly baseUrl: string;
  readonly redisUrl: string;
  readonly encryptionKeys: readonly string[];
  readonly keyPrefix: string;
  readonly scope: 'client' | 'user';
}

/** The answer for a user of a tenant: the key that signed the token and the user in it, or the code of the error. */
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
  /** Sets the key that the pod's config returns for the tenant. */
  | { readonly do: 'set-key'; readonly tenant: string; readonly apiKey: string }
  | { readonly do: 'invalidate'; readonly app: string; readonly tenant: string }
  | { readonly do: 'has-store'; readonly app: string }
  /** How often the application has gone on without its store. */
  | { readonly do: 'count-losses'; readonly app: string };

import type { KeyObject } from 'node:crypto';
import { publicKeyObject, secretKeyObject, type KeyMaterial } from '../common/verification-keys.js';
import { Sealed } from '../common/sealed.js';
import type { NudgeConnectionOptions } from './connection.options.js';
import type {
  UserJwtOptions,
  UserJwtOptionsWithDefaults,
  UserJwtRulesWithDefaults,
} from './user-jwt.options.js';

export interface ResolvedUserJwtOptions extends Readonly<UserJwtRulesWithDefaults> {
  /** The parsed keys, the newest first. Empty if the keys come from `jwksUri`. */
  readonly keys: readonly KeyObject[];
  readonly jwksUri: string | undefined;
  /** The proxy and agents for `jwksUri`. */
  readonly connection: Sealed<NudgeConnectionOptions>;
}

function listOf(material: UserJwtOptions['secret']): readonly KeyMaterial[] {
  if (material === undefined) return [];
  return Array.isArray(material) ? material : [material as KeyMaterial];
}

/** The option `userJwt` with its keys parsed, frozen. What `userJwt.http` does not set is taken from the connection to Nudge. */
export function resolveUserJwt(
  { secret, publicKey, jwksUri, http = {}, ...rules }: UserJwtOptionsWithDefaults,
  toNudge: NudgeConnectionOptions,
): ResolvedUserJwtOptions {
  const keys = [...listOf(secret).map(secretKeyObject), ...listOf(publicKey).map(publicKeyObject)];
  return Object.freeze({
    ...rules,
    algorithms: Object.freeze([...rules.algorithms]),
    keys: Object.freeze(keys),
    jwksUri,
    connection: new Sealed<NudgeConnectionOptions>({
      proxy: http.proxy ?? toNudge.proxy,
      httpAgent: http.httpAgent ?? toNudge.httpAgent,
      httpsAgent: http.httpsAgent ?? toNudge.httpsAgent,
    }),
  });
}

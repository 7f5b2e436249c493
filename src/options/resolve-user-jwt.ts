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
  /** Keys parsed once, the newest first; none where they come from `jwksUri`. */
  readonly keys: readonly KeyObject[];
  readonly jwksUri: string | undefined;
  /** How `jwksUri` is reached. */
  readonly connection: Sealed<NudgeConnectionOptions>;
}

function listOf(material: UserJwtOptions['secret']): readonly KeyMaterial[] {
  if (material === undefined) return [];
  return Array.isArray(material) ? material : [material as KeyMaterial];
}

/** The option `userJwt` with its keys parsed, frozen. The issuer is reached as Nudge is, where `http` does not say otherwise. */
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

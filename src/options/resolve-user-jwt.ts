import type { KeyObject } from 'node:crypto';
import { publicKeyObject, secretKeyObject, type KeyMaterial } from '../common/verification-keys.js';
import { Sealed } from '../common/sealed.js';
import {
  DEFAULT_REMEMBER_FOR_MS,
  type NudgeConnectionOptions,
  type UserJwtAlgorithm,
  type UserJwtOptions,
} from './nudge-auth.options.js';

export interface ResolvedUserJwtOptions {
  /** Keys parsed once, the newest first; none where they come from `jwksUri`. */
  readonly keys: readonly KeyObject[];
  readonly jwksUri: string | undefined;
  /** How `jwksUri` is reached. */
  readonly connection: Sealed<NudgeConnectionOptions>;
  readonly algorithms: readonly UserJwtAlgorithm[];
  readonly issuer: string | readonly string[] | undefined;
  readonly audience: string | readonly string[] | undefined;
  readonly clockToleranceMs: number;
  readonly rememberForMs: number;
  readonly isRevoked: UserJwtOptions['isRevoked'];
}

function listOf(material: unknown): KeyMaterial[] {
  return (Array.isArray(material) ? material : [material]) as KeyMaterial[];
}

function keysOf({ secret, publicKey }: UserJwtOptions): readonly KeyObject[] {
  if (secret !== undefined) return listOf(secret).map(secretKeyObject);
  return publicKey === undefined ? [] : listOf(publicKey).map(publicKeyObject);
}

/** The issuer is reached as Nudge is, where `userJwt.http` does not say otherwise. */
function connectionOf(
  { http }: UserJwtOptions,
  toNudge: NudgeConnectionOptions = {},
): Sealed<NudgeConnectionOptions> {
  return new Sealed({
    proxy: http?.proxy ?? toNudge.proxy,
    httpAgent: http?.httpAgent ?? toNudge.httpAgent,
    httpsAgent: http?.httpsAgent ?? toNudge.httpsAgent,
  });
}

/** The option `userJwt` with its defaults, frozen. Its rules were checked before. */
export function resolveUserJwt(
  options: UserJwtOptions,
  toNudge: NudgeConnectionOptions | undefined,
): ResolvedUserJwtOptions {
  return Object.freeze({
    keys: Object.freeze(keysOf(options)),
    jwksUri: options.jwksUri,
    connection: connectionOf(options, toNudge),
    algorithms: Object.freeze([...options.algorithms]),
    issuer: options.issuer,
    audience: options.audience,
    clockToleranceMs: options.clockToleranceMs ?? 0,
    rememberForMs: options.rememberForMs ?? DEFAULT_REMEMBER_FOR_MS,
    // Bound, because a method may use its `this`.
    isRevoked: options.isRevoked?.bind(options),
  });
}

/** What is allowed in `userJwt` but probably not meant. */
export function userJwtWarnings({ allowWeakSecret, jwksUri, issuer, audience }: UserJwtOptions): string[] {
  const warnings: string[] = [];
  if (allowWeakSecret === true) {
    warnings.push(
      'userJwt.allowWeakSecret is set: an attacker who has one JWT could guess a short secret, and then be any user. It is for tests only',
    );
  }
  if (jwksUri !== undefined && issuer === undefined && audience === undefined) {
    warnings.push(
      'userJwt.jwksUri is given without issuer and audience: every JWT that its keys have signed passes, ' +
        'also one for another application. Set userJwt.issuer and userJwt.audience',
    );
  }
  return warnings;
}

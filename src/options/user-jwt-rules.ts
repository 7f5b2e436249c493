import {
  algorithmsFor,
  publicKeyObject,
  secretKeyObject,
  type KeyMaterial,
} from '../common/verification-keys.js';
import type { Report, RuleBetweenOptions } from './option-rules.js';
import { isInsecure } from './plain-http.js';
import { NO_EDDSA, USER_JWT_ALGORITHMS, type UserJwtAlgorithm } from './user-jwt-algorithms.js';

/** Checks that there is exactly one kind of key, that the algorithms belong to it, and that each key fits one of them. */
export const checkKeys: RuleBetweenOptions = (given, report) => {
  const kinds = (['secret', 'publicKey', 'jwksUri'] as const).filter((kind) => given[kind] !== undefined);
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    const found = kind === undefined ? 'none is given' : `${kinds.join(' and ')} are given`;
    report([], `must have exactly one of secret, publicKey and jwksUri: ${found}`);
    return;
  }
  const isShared = kind === 'secret';
  const { algorithms } = given;
  const known = USER_JWT_ALGORITHMS.filter((name) => Array.isArray(algorithms) && algorithms.includes(name));
  if (known.some((name) => name.startsWith('HS') !== isShared)) {
    const fitting = isShared ? 'HS256, HS384 and HS512' : 'RS…, PS… and ES…';
    report(['algorithms'], `name algorithms that do not go with ${kind}: use ${fitting} only`);
  } else if (kind === 'publicKey' && known.length > 0) {
    checkKeyTypes(given[kind], known, report);
  } else if (isShared && given['allowWeakSecret'] !== true) {
    checkSecretLengths(given[kind], known, report);
  }
};

/** Checks that the keys come over https: an attacker in the network could replace keys that come over plain http. */
export const checkJwksAccess: RuleBetweenOptions = (given, report) => {
  const { jwksUri } = given;
  if (jwksUri === undefined) {
    for (const name of ['http', 'allowInsecureJwksUri']) {
      if (given[name] !== undefined) report([name], 'has no meaning without userJwt.jwksUri: remove it');
    }
  } else if (typeof jwksUri === 'string' && isInsecure(jwksUri) && given['allowInsecureJwksUri'] !== true) {
    report(
      ['jwksUri'],
      'would fetch the keys over plain http, where an attacker could replace them: use https, or set ' +
        'userJwt.allowInsecureJwksUri to true where the network itself is trusted',
    );
  }
};

/** An attacker who has one JWT can guess a shorter secret, faster than the algorithm promises (RFC 7518 §3.2). */
function checkSecretLengths(secret: unknown, algorithms: readonly UserJwtAlgorithm[], report: Report): void {
  const strongest = algorithms.toSorted().at(-1);
  if (strongest === undefined) return;
  const minBytes = Number(strongest.slice(2)) / 8;
  for (const { path, material } of eachKey('secret', secret)) {
    const bytes = parsed(secretKeyObject, material)?.symmetricKeySize;
    if (bytes === undefined || bytes >= minBytes) continue;
    report(
      path,
      `has ${bytes} bytes, and ${strongest} needs ${minBytes} at least (RFC 7518 §3.2): make one with ` +
        `"openssl rand -base64 ${minBytes}". In tests userJwt.allowWeakSecret: true lets it pass`,
    );
  }
}

/** With a key that none of the algorithms can use, the module would refuse every user for ever. */
function checkKeyTypes(publicKey: unknown, algorithms: readonly UserJwtAlgorithm[], report: Report): void {
  for (const { path, material } of eachKey('publicKey', publicKey)) {
    const key = parsed(publicKeyObject, material);
    if (key === undefined) continue;
    const fitting = algorithmsFor(key);
    if (algorithms.some((name) => fitting.includes(name))) continue;
    report(
      path,
      fitting.length === 0
        ? `is of a type that no supported algorithm uses; RSA and EC (P-256, P-384, P-521) keys are. ${NO_EDDSA}`
        : `goes with ${fitting.join(', ')}, none of which is among the algorithms`,
    );
  }
}

function eachKey(option: string, given: unknown): { path: PropertyKey[]; material: unknown }[] {
  if (!Array.isArray(given)) return [{ path: [option], material: given }];
  return given.map((material: unknown, index) => ({ path: [option, index], material }));
}

function parsed<Key>(parse: (material: KeyMaterial) => Key, material: unknown): Key | undefined {
  try {
    return parse(material as KeyMaterial);
  } catch {
    // The check of the key itself reports what is wrong with it.
    return undefined;
  }
}

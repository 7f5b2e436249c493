import { inWords } from './recording-fetch.js';

const SHOWN_CHARACTERS = 12;

const byId = (id) => document.getElementById(id);

/** Shows only the beginning of the token, because people share their screens. */
export function showToken(token, lifeLeftMs) {
  byId('token-none').hidden = token !== null;
  byId('token-facts').hidden = token === null;
  if (token === null) return;
  const { header, claims } = decode(token);
  const lifeS = claims.exp - claims.iat;
  byId('countdown').textContent = asClock(lifeLeftMs);
  byId('life').value = lifeLeftMs / 1_000 / lifeS;
  byId('token-text').textContent = `${token.slice(0, SHOWN_CHARACTERS)}…`;
  byId('token-signature').textContent = `${header.alg}, key ${header.kid ?? 'unnamed'}`;
  byId('token-issued').textContent = asTime(claims.iat);
  byId('token-expires').textContent = `${asTime(claims.exp)}, ${inWords(lifeS * 1_000)} later`;
}

/** Reads the token without verifying it. The service that accepts the token verifies it. */
function decode(token) {
  const [header, claims] = token
    .split('.')
    .map((part) => part.replaceAll('-', '+').replaceAll('_', '/'))
    .slice(0, 2)
    .map((part) => JSON.parse(atob(part)));
  return { header, claims };
}

function asClock(ms) {
  const s = Math.ceil(ms / 1_000);
  const parts = [Math.floor(s / 3_600), Math.floor(s / 60) % 60, s % 60];
  const [first, ...rest] = parts[0] === 0 ? parts.slice(1) : parts;
  return [first, ...rest.map((part) => String(part).padStart(2, '0'))].join(':');
}

function asTime(epochS) {
  return new Date(epochS * 1_000).toLocaleTimeString();
}

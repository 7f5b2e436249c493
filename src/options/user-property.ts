import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';

/** The properties that Express, Fastify and passport put on a request. */
const OF_FRAMEWORKS: ReadonlySet<string> = new Set(
  (
    'app res next route baseUrl originalUrl path hostname host port ip ips protocol secure xhr fresh stale subdomains ' +
    'query params param body rawBody cookies signedCookies session get header is range accepts acceptsEncoding ' +
    'acceptsEncodings acceptsCharset acceptsCharsets acceptsLanguage acceptsLanguages ' +
    'id raw log server routeOptions is404 context validationError mediaType signal ' +
    'validateInput getValidationFunction compileValidationSchema getDecorator setDecorator ' +
    'login logIn logout logOut isAuthenticated isUnauthenticated authInfo'
  ).split(' '),
);

const REQUEST = new IncomingMessage(new Socket());

/** Whether a property of the request is free to hold the user. Overwriting one that is in use would break the request. */
export function isFreeForUser(name: string): boolean {
  return name !== 'prototype' && !(name in REQUEST) && !OF_FRAMEWORKS.has(name);
}

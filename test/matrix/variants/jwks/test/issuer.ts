import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { AddressInfo } from 'node:net';

const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
});

const part = (value: object) =>
  Buffer.from(JSON.stringify(value)).toString('base64url');

export function signIn() {
  const claims = {
    sub: 'ada',
    iss: 'https://issuer.example',
    aud: 'the-application',
    exp: Math.floor(Date.now() / 1000) + 600,
  };
  const signed = `${part({ alg: 'RS256', typ: 'JWT', kid: 'one' })}.${part(claims)}`;
  const signature = sign('RSA-SHA256', Buffer.from(signed), privateKey);
  return {
    authorization: `Bearer ${signed}.${signature.toString('base64url')}`,
  };
}

/** Publishes the key of `signIn`. */
export async function startIssuer() {
  const jwk = publicKey.export({ format: 'jwk' });
  const keys = [{ ...jwk, kid: 'one', use: 'sig', alg: 'RS256' }];
  const server = createServer((_request, response) => {
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ keys }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/jwks.json`,
    stop: () => server.close(),
  };
}

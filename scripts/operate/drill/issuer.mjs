import { once } from 'node:events';
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

const ALGORITHM = 'ES256';
const KEY_ID = 'obviously-fake-key-of-the-drill';

const ISSUER = 'https://login.drill.example';
const AUDIENCE = 'shop';

/** The login service of the drill. It signs users' JWTs, and publishes the key that verifies them. */
export class Issuer {
  /** While this is `false`, the service closes each connection without an answer. */
  isUp = true;
  #keys;
  #server;

  static async start() {
    const issuer = new Issuer();
    issuer.#keys = await generateKeyPair(ALGORITHM);
    const jwk = { ...(await exportJWK(issuer.#keys.publicKey)), kid: KEY_ID, use: 'sig', alg: ALGORITHM };
    issuer.#server = createServer((request, response) => {
      if (issuer.isUp) response.end(JSON.stringify({ keys: [jwk] }));
      else request.socket.destroy();
    });
    issuer.#server.listen(0, '127.0.0.1');
    await once(issuer.#server, 'listening');
    return issuer;
  }

  /** The option `userJwt` of a module that accepts this service's JWTs. */
  get userJwt() {
    const origin = `http://127.0.0.1:${this.#server.address().port}`;
    return { jwksUri: `${origin}/jwks.json`, algorithms: [ALGORITHM], issuer: ISSUER, audience: AUDIENCE };
  }

  /** Makes a JWT for a user. It expires an hour after `nowMs`. */
  jwtOf(user, nowMs) {
    const nowS = Math.floor(nowMs / 1_000);
    return new SignJWT({ sub: user })
      .setProtectedHeader({ alg: ALGORITHM, kid: KEY_ID })
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setExpirationTime(nowS + 3_600)
      .sign(this.#keys.privateKey);
  }

  async stop() {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

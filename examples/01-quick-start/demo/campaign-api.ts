import { createRemoteJWKSet, jwtVerify } from 'jose';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Demo only: a made-up service that accepts Nudge tokens. Its check of the tokens is made up too: Nudge documents
 * neither such an API nor the keys that verify its tokens.
 */
export class CampaignApi {
  private constructor(private readonly server: Server) {}

  static async start(jwksUrl: string): Promise<CampaignApi> {
    const keys = createRemoteJWKSet(new URL(jwksUrl));
    const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const token = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
      const isGood = await jwtVerify(token, keys).then(
        () => true,
        () => false,
      );
      response.writeHead(isGood ? 200 : 401, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(isGood ? ['Spring sale', 'Bring a friend'] : { message: 'Bad token' }));
    };
    const server = createServer((request, response) => void answer(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new CampaignApi(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/campaigns`;
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}

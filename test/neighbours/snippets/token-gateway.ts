import { Module } from '@nestjs/common';
import { JwtModule, JwtService } from '@nestjs/jwt';
import { WebSocketGateway } from '@nestjs/websockets';
import type { OnGatewayConnection } from '@nestjs/websockets';
import {
  isNudgeAuthError,
  NudgeAuthModule,
  NudgeTokenService,
  userJwtFromRequest,
} from 'nestjs-nudge-auth';
import { nudgeAuthConfig } from 'nestjs-nudge-auth/config';
import type { IncomingMessage } from 'node:http';
import timers from 'node:timers/promises';
import type { WebSocket } from 'ws';

@WebSocketGateway()
export class TokenGateway implements OnGatewayConnection<WebSocket> {
  constructor(
    private readonly users: JwtService,
    private readonly tokens: NudgeTokenService,
  ) {}

  async handleConnection(socket: WebSocket, request: IncomingMessage) {
    const closed = new AbortController();
    socket.once('close', () => closed.abort());
    try {
      const jwt = userJwtFromRequest(request) ?? '';
      const user = this.users.verify<{ exp: number }>(jwt);
      await this.#push(socket, user.exp * 1_000, closed.signal);
      socket.close(4401, 'The session has ended');
    } catch {
      // The user is not signed in, the failure is permanent, or the socket is
      // closed: then the second `close` does nothing.
      socket.close(4401, 'No token');
    }
  }

  /** Sends tokens until the user's session ends. Aborting ends every wait. */
  async #push(socket: WebSocket, endsAt: number, signal: AbortSignal) {
    while (Date.now() < endsAt) {
      const waitMs = await this.#send(socket, signal);
      const restMs = endsAt - Date.now();
      await timers.setTimeout(Math.min(waitMs, restMs), undefined, { signal });
    }
  }

  /** Sends a token. Returns the milliseconds until the next one is due. */
  async #send(socket: WebSocket, signal: AbortSignal): Promise<number> {
    try {
      const { token, expiresAt } = await this.tokens.getToken({ signal });
      const lifeMs = expiresAt - Date.now();
      const expiresIn = Math.floor(lifeMs / 1_000);
      socket.send(
        JSON.stringify({ event: 'token', data: { token, expiresIn } }),
      );
      return lifeMs * (0.75 + 0.2 * Math.random()); // not all sockets at once
    } catch (error) {
      if (!isNudgeAuthError(error) || !error.retryable) throw error;
      return error.retryAfterMs ?? 10_000;
    }
  }
}

@Module({
  imports: [
    JwtModule.register({ secret: process.env['USER_JWT_SECRET'] ?? '' }),
    NudgeAuthModule.forRootAsync({
      ...nudgeAuthConfig.asProvider(),
      endpoint: false, // tokens leave over the socket only
    }),
  ],
  providers: [TokenGateway],
})
export class AppModule {}

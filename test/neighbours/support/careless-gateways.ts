import { Module, UseGuards } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets';
import { NudgeAuthModule, NudgeTokenService, NudgeUserGuard } from 'nestjs-nudge-auth';
import { nudgeAuthConfig } from 'nestjs-nudge-auth/config';
import type { WebSocket } from 'ws';

/** The trap: the first token is the last one. */
@WebSocketGateway()
export class OnceGateway implements OnGatewayConnection<WebSocket> {
  constructor(private readonly tokens: NudgeTokenService) {}

  async handleConnection(socket: WebSocket): Promise<void> {
    const { token } = await this.tokens.getToken();
    socket.send(JSON.stringify({ event: 'token', data: { token } }));
  }
}

/** The trap: the timer outlives its socket. */
@WebSocketGateway()
export class TimerGateway implements OnGatewayConnection<WebSocket> {
  constructor(private readonly tokens: NudgeTokenService) {}

  async handleConnection(socket: WebSocket): Promise<void> {
    const { token, expiresAt } = await this.tokens.getToken();
    socket.send(JSON.stringify({ event: 'token', data: { token } }));
    setTimeout(() => void this.handleConnection(socket), 0.8 * (expiresAt - Date.now()));
  }
}

/** The trap: a message has no HTTP request, in which the guard looks for the user. */
@WebSocketGateway()
export class GuardedGateway {
  constructor(readonly tokens: NudgeTokenService) {}

  @UseGuards(NudgeUserGuard)
  @SubscribeMessage('token')
  async token(): Promise<string> {
    return (await this.tokens.getToken()).token;
  }

  @SubscribeMessage('anything else')
  answer(): { event: string; data: object } {
    return { event: 'answer', data: {} };
  }
}

export function applicationOf(gateway: new (tokens: NudgeTokenService) => object): new () => object {
  @Module({
    imports: [NudgeAuthModule.forRootAsync({ ...nudgeAuthConfig.asProvider(), endpoint: false })],
    providers: [gateway],
  })
  class CarelessModule {}
  return CarelessModule;
}

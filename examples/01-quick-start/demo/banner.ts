import type { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Demo only: prints the addresses and how to try the app without a browser. */
export function banner(server: Server, nudge: NudgeEmulator): string {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return `
  nestjs-nudge-auth, quick start

  Page       ${url}
  Endpoint   ${url}/nudge/token
  Emulator   ${nudge.url}   admin: ${nudge.adminUrl}

  By hand: sign in as ada (or grace), keep the app's JWT, and get a Nudge token:

    JWT=$(curl -s -d 'username=ada&password=demo' ${url}/login | cut -d'"' -f4)
    curl -i -H "Authorization: Bearer $JWT" ${url}/nudge/token

  Ctrl-C ends the example.
`;
}

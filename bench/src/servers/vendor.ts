import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NudgeEmulator } from '#nudge-auth/emulator/index';

/** The API key that all processes use, and the latency of the slow vendor. */
const { apiKey, latencyMs } = JSON.parse(process.argv[2] ?? '{}') as { apiKey: string; latencyMs: number };

const nudge = await NudgeEmulator.start({ apiKeys: [apiKey], rateLimitPerMinute: false });

const first = await fetch(`${nudge.url}/clients/jwt/token?expiryMins=60`, { headers: { apiKey } });
const answer = await first.text();

// Sends the same answer with the latency of a real network, for the route that calls the vendor at every request.
const slow = createServer((_request, response) => {
  setTimeout(() => response.setHeader('content-type', 'application/json').end(answer), latencyMs);
});
slow.listen(0, '127.0.0.1', () => {
  const { port } = slow.address() as AddressInfo;
  process.send?.(JSON.stringify({ baseUrl: nudge.url, slowUrl: `http://127.0.0.1:${port}/`, answer }));
});

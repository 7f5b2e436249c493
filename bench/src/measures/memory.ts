import { NudgeEmulator } from '#nudge-auth/emulator/index';
import { ServerProcess } from '../processes.js';
import type { Settings } from '../settings.js';

const API_KEY = 'obviously-fake-private-key-for-benchmarks';
const USERS = 100_000;

export interface MemoryResults {
  readonly tokenCharacters: number;
  readonly entries: number;
  /** Bytes of one user's entry with its token. */
  readonly bytesPerEntry: number;
  readonly users: number;
  readonly requests: number;
  /** The heap of the process after each tenth of the requests. */
  readonly heapMiB: readonly number[];
  /** The last tenth's heap divided by the first's. */
  readonly growth: number;
  readonly heldTokens: number;
}

/** A token with the length of the vendor's tokens. */
export async function sampleToken(): Promise<string> {
  await using nudge = await NudgeEmulator.start({ apiKeys: [API_KEY] });
  const answer = await fetch(`${nudge.url}/clients/jwt/token?expiryMins=60&extId=user-00000001`, {
    headers: { apiKey: API_KEY },
  });
  return ((await answer.json()) as { token: string }).token;
}

/** Measures the memory of a user's held token, and whether memory grows over many requests of many users. */
export async function measureMemory({ isShort }: Settings): Promise<MemoryResults> {
  const requests = isShort ? 100_000 : 1_000_000;
  const token = await sampleToken();
  const settings = { token, requests, users: USERS };
  await using measured = await ServerProcess.start('memory', settings, 'any', ['--expose-gc']);
  const result = JSON.parse(measured.url) as Pick<
    MemoryResults,
    'bytesPerEntry' | 'entries' | 'heapMiB' | 'heldTokens'
  >;
  const growth = (result.heapMiB.at(-1) ?? Number.NaN) / (result.heapMiB[0] ?? Number.NaN);
  return {
    ...result,
    bytesPerEntry: Math.round(result.bytesPerEntry),
    heapMiB: result.heapMiB.map((size) => Number(size.toFixed(2))),
    growth: Number(growth.toFixed(3)),
    tokenCharacters: token.length,
    users: USERS,
    requests,
  };
}

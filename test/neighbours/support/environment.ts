import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import { createHmac } from 'node:crypto';

export const API_KEY = 'obviously-fake-private-key-beside-neighbours';
export const USER_JWT_SECRET = 'obviously-fake-user-secret-beside-neighbours-0123';

// The snippets read these variables when they are imported.
process.env['NUDGE_API_KEY'] = API_KEY;
process.env['USER_JWT_SECRET'] = USER_JWT_SECRET;

/** Starts the emulator for the applications of this process. */
export async function startNudge(): Promise<NudgeEmulator> {
  // The user's id is a claim, so that the tokens of two users differ even within the same second.
  const nudge = await NudgeEmulator.start({ apiKeys: [API_KEY], extIdClaim: 'extId' });
  process.env['NUDGE_BASE_URL'] = nudge.url;
  return nudge;
}

/** The JWT of a signed-in user. It expires in ten minutes. */
export function userJwt(sub = 'ada', claims: object = {}): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) + 600;
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub, exp, ...claims })}`;
  return `${signed}.${createHmac('sha256', USER_JWT_SECRET).update(signed).digest('base64url')}`;
}

export const bearer = (sub?: string): { authorization: string } => ({
  authorization: `Bearer ${userJwt(sub)}`,
});

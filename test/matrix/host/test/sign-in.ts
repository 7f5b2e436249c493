import { createHmac } from 'node:crypto';

const part = (value: object) =>
  Buffer.from(JSON.stringify(value)).toString('base64url');

export function signIn() {
  const exp = Math.floor(Date.now() / 1000) + 600;
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: 'ada', exp })}`;
  const signature = createHmac('sha256', process.env.JWT_SECRET ?? '')
    .update(signed)
    .digest('base64url');
  return { authorization: `Bearer ${signed}.${signature}` };
}

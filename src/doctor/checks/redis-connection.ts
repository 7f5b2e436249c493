import { fail, pass, type Check } from '../check.js';
import { connectedRedis, hasRedis, RedisRefusal, redisUrlOf } from '../probes/redis.js';

const PASSWORD_HINT =
  'Check user name and password in NUDGE_REDIS_URL (redis://user:password@host:port, percent-encoded).';

function hintFor(reason: string): string {
  if (/^(WRONGPASS|NOAUTH|NOPERM)$/.test(reason)) return PASSWORD_HINT;
  if (/CERT|SELF_SIGNED|TLS|SSL|ISSUER|UNABLE/.test(reason)) {
    return (
      'Either a private authority has issued the certificate (then set NODE_EXTRA_CA_CERTS), or the port does not use TLS ' +
      '(then use redis:// instead of rediss://).'
    );
  }
  if (reason === 'ENOTFOUND' || reason === 'EAI_AGAIN')
    return 'Check the spelling of the host in NUDGE_REDIS_URL, and DNS.';
  if (reason === 'LOADING') return 'Redis is still loading its data: try again in a moment.';
  if (reason === 'timeout' || reason === 'the connection ended') {
    return 'The port is open, but the other side does not answer as Redis does: it may be a firewall, a hanging server, or a port with TLS (then use rediss://).';
  }
  return 'Is Redis running, and are host and port in NUDGE_REDIS_URL right?';
}

export const redisConnectionCheck: Check = {
  name: 'redis-connection',
  group: 'Redis',
  asks: 'whether Redis accepts this user',
  needs: ['ioredis', 'redis-url'],
  limitMs: 5_000,
  isFor: hasRedis,
  async run(context, signal) {
    const { host } = new URL(redisUrlOf(context));
    try {
      await connectedRedis(context, signal);
      return pass(`connected to ${host}`);
    } catch (error) {
      if (!(error instanceof RedisRefusal)) throw error;
      return fail(`no connection to ${host} (${error.reason})`, hintFor(error.reason));
    }
  },
};

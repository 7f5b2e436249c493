import type { Check } from './check.js';
import { apiKeyCheck, fallbackApiKeyCheck } from './checks/api-keys.js';
import { callCheck } from './checks/call.js';
import { clockCheck } from './checks/clock.js';
import { debugOutputCheck } from './checks/debug-output.js';
import { dnsCheck } from './checks/dns.js';
import { driftCheck } from './checks/drift.js';
import { endpointAnswerCheck } from './checks/endpoint-answer.js';
import { endpointCachingCheck } from './checks/endpoint-caching.js';
import { endpointCorsCheck } from './checks/endpoint-cors.js';
import { endpointForgedJwtCheck } from './checks/endpoint-forged-jwt.js';
import { endpointGuardCheck } from './checks/endpoint-guard.js';
import { endpointTextCheck } from './checks/endpoint-text.js';
import { endpointTimeCheck } from './checks/endpoint-time.js';
import { endpointUserCheck } from './checks/endpoint-user.js';
import { httpClientCheck } from './checks/http-client.js';
import { ioredisCheck } from './checks/ioredis.js';
import { latencyCheck } from './checks/latency.js';
import { nodeCheck } from './checks/node.js';
import { optionsCheck } from './checks/options.js';
import { peersCheck } from './checks/peers.js';
import { proxyCheck } from './checks/proxy.js';
import { redisClockCheck } from './checks/redis-clock.js';
import { redisCommandsCheck } from './checks/redis-commands.js';
import { redisConnectionCheck } from './checks/redis-connection.js';
import { redisLatencyCheck } from './checks/redis-latency.js';
import { redisMemoryCheck } from './checks/redis-memory.js';
import { redisPersistenceCheck } from './checks/redis-persistence.js';
import { redisRightsCheck } from './checks/redis-rights.js';
import { redisRoleCheck } from './checks/redis-role.js';
import { redisUrlCheck } from './checks/redis-url.js';
import { redisVersionCheck } from './checks/redis-version.js';
import { tcpCheck } from './checks/tcp.js';
import { tenantConfigsCheck } from './checks/tenant-configs.js';
import { tenantsCheck } from './checks/tenants.js';
import { tlsCheck } from './checks/tls.js';
import { tlsVerificationCheck } from './checks/tls-verification.js';
import { tokenCheck } from './checks/token.js';
import { tunnelCheck } from './checks/tunnel.js';
import { forEachTenant } from './each-tenant.js';

/** The checks of an account at Nudge, from its key to its token. */
const ACCOUNT_CHECKS: readonly Check[] = [
  apiKeyCheck,
  fallbackApiKeyCheck,
  optionsCheck,

  proxyCheck,
  dnsCheck,
  tcpCheck,
  tunnelCheck,
  tlsCheck,

  callCheck,
  tokenCheck,
  clockCheck,
  driftCheck,
  latencyCheck,
];

/** All checks, in the order in which they run. A check comes after the checks that it needs. */
export const CHECKS: readonly Check[] = [
  nodeCheck,
  peersCheck,
  httpClientCheck,
  tlsVerificationCheck,
  debugOutputCheck,

  tenantsCheck,
  tenantConfigsCheck,
  ...ACCOUNT_CHECKS.map(forEachTenant),

  ioredisCheck,
  redisUrlCheck,
  redisConnectionCheck,
  redisVersionCheck,
  redisRoleCheck,
  redisMemoryCheck,
  redisPersistenceCheck,
  redisRightsCheck,
  redisLatencyCheck,
  redisClockCheck,
  // The last check of Redis: it leaves the client in subscribe mode, which allows no other command.
  redisCommandsCheck,

  endpointAnswerCheck,
  endpointGuardCheck,
  endpointForgedJwtCheck,
  endpointUserCheck,
  endpointTextCheck,
  endpointCachingCheck,
  endpointTimeCheck,
  endpointCorsCheck,
];

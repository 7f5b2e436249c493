/** The folders of src/, from top to bottom: a layer imports from those below it, never from those above. */
const LAYERS = [
  ['module', '`NudgeAuthModule`: its definition, its providers, the checks at boot'],
  ['swagger', 'the subpath `/swagger`: describes the endpoint for OpenAPI'],
  ['endpoint', 'the route: controller, answers, exception filter'],
  ['doctor', 'the command line: `doctor`, `token`, `key`, `tenant-fingerprint`, `emulator`; runs without Nest'],
  ['terminus', 'the subpath `/terminus`: `NudgeHealthIndicator`'],
  ['otel', 'the subpath `/otel`: metrics and the span of a renewal, for OpenTelemetry'],
  ['testing', 'the subpath `/testing`: the fake service, the manual clock, the contract of a store'],
  ['config', 'the subpath `/config`: options from the environment, for `@nestjs/config`'],
  ['redis', 'the subpath `/redis`: `RedisTokenStore`, encryption of its records'],
  ['user-auth', 'who gets a token: guard, JWT verifier, remembered JWTs, JWKS'],
  ['http', 'what endpoint and guard both write: headers, exceptions, the HTTP status of an error'],
  ['audit', 'records which user got a token, and delivers the records to the host application'],
  ['service', '`NudgeTokenService`'],
  ['tenants', "many accounts: the tenants' configs, and a token cache for each tenant"],
  ['options', 'the options: types, bounds, defaults, resolution, warnings'],
  ['cache', 'the token cache: held tokens, one renewal at a time for each entry, warm-up'],
  ['store', 'sharing between processes: the store contract, leader and follower, circuit breaker, recovery'],
  [
    'vendor',
    'the way to Nudge: gateway (budget, queue, backoff, pause, retries), one HTTP attempt, API keys',
  ],
  ['token', 'the rules of a token, without I/O: claims, vendor time, freshness'],
  ['telemetry', 'events, log lines, status'],
  ['common', 'clock, deadline, secret, durations, errors'],
].map(([name, job]) => ({ name, job, path: `^src/${name}/` }));

/** Stand beside the layers: no layer imports them, but the command line loads the emulator. */
const ISLANDS = [
  ['emulator', 'an offline Nudge token API; imports only `common/`'],
  ['schematics', '`nest add nestjs-nudge-auth`; imports nothing'],
  ['client', "the frontend's `refreshToken`; imports nothing"],
].map(([name, job]) => ({ name, job, path: `^src/${name}/` }));

module.exports = { LAYERS, ISLANDS };

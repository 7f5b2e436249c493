/** The folders of src/, from top to bottom. A layer imports only from the layers below it. */
const LAYERS = [
  ['module', '`NudgeAuthModule`: its definition, its providers, the checks at boot'],
  ['swagger', 'the subpath `/swagger`: the endpoint described for OpenAPI'],
  ['endpoint', 'the route: controller, answers, exception filter'],
  ['doctor', 'the command line: checks a setup, shows a token, makes a key; runs without Nest'],
  ['terminus', 'the subpath `/terminus`: `NudgeHealthIndicator`'],
  ['otel', 'the subpath `/otel`: metrics and the span of a renewal, for OpenTelemetry'],
  ['testing', 'the subpath `/testing`: the fake service, the manual clock, the contract of a store'],
  ['config', 'the subpath `/config`: options from the environment, for `@nestjs/config`'],
  ['redis', 'the subpath `/redis`: `RedisTokenStore`, encryption of its records'],
  ['user-auth', 'who may get a token: guard, JWT verifier, remembered JWTs, JWKS'],
  ['http', 'what the endpoint and the guard share: headers, exceptions, the status of an error'],
  ['audit', 'which user got a token: records and their delivery to the host'],
  ['service', '`NudgeTokenService`'],
  ['tenants', "several accounts: the tenants' configs and a token cache for each tenant"],
  ['options', 'the options: types, bounds, defaults, resolution, warnings'],
  ['cache', 'the held tokens: the cache, its entries, one renewal at a time, warm-up'],
  ['store', 'sharing between processes: the store contract, leader and follower, circuit breaker, recovery'],
  [
    'vendor',
    'the calls to Nudge: gateway (budget, queue, backoff, pause, retries), one HTTP attempt, API keys',
  ],
  ['token', 'the pure rules: claims, vendor time, freshness'],
  ['telemetry', 'events, log lines, status'],
  ['common', 'clock, deadline, secret, durations, errors'],
].map(([name, job]) => ({ name, job, path: `^src/${name}/` }));

/** Folders beside the layers. No layer imports them. */
const ISLANDS = [
  ['emulator', 'an offline Nudge token API; may use `common/`'],
  ['schematics', '`nest add nestjs-nudge-auth`; imports nothing'],
  ['client', "the frontend's `refreshToken`; imports nothing"],
].map(([name, job]) => ({ name, job, path: `^src/${name}/` }));

module.exports = { LAYERS, ISLANDS };

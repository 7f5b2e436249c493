/** The folders of src/, from top to bottom: a layer imports from those below it, never from those above. */
const LAYERS = [
  ['module', '`NudgeAuthModule`: its definition, its providers, the checks at boot'],
  ['swagger', 'the subpath `/swagger`: the endpoint described for OpenAPI'],
  ['endpoint', 'the route: controller, answers, exception filter'],
  ['doctor', 'the command line: what is wrong with a setup, a token, a key; runs without Nest'],
  ['terminus', 'the subpath `/terminus`: `NudgeHealthIndicator`'],
  ['otel', 'the subpath `/otel`: metrics and the span of a renewal, for OpenTelemetry'],
  ['testing', 'the subpath `/testing`: the fake service, the manual clock, the contract of a store'],
  ['config', 'the subpath `/config`: options from the environment, for `@nestjs/config`'],
  ['redis', 'the subpath `/redis`: `RedisTokenStore`, encryption of its records'],
  ['user-auth', 'who may ask: guard, JWT verifier, remembered JWTs, JWKS'],
  ['http', 'what endpoint and guard both write: headers, exceptions, error to status'],
  ['audit', 'which user got a token: records, and their delivery to the host'],
  ['service', '`NudgeTokenService`'],
  ['tenants', "many accounts: the tenants' configs, and a token cache for each tenant"],
  ['options', 'the options: types, bounds, defaults, resolution, warnings'],
  ['cache', 'what is held: the token cache, its entries, one renewal at a time, warm-up'],
  ['store', 'sharing between processes: the store contract, leader and follower, circuit breaker, recovery'],
  [
    'vendor',
    'the way to Nudge: gateway (budget, queue, backoff, pause, retries), one HTTP attempt, API keys',
  ],
  ['token', 'the pure rules: claims, vendor time, freshness'],
  ['telemetry', 'events, log lines, status'],
  ['common', 'clock, deadline, secret, durations, errors'],
].map(([name, job]) => ({ name, job, path: `^src/${name}/` }));

/** Stand beside the layers: no layer imports them. */
const ISLANDS = [
  ['emulator', 'an offline Nudge token API; may use `common/`'],
  ['schematics', '`nest add nestjs-nudge-auth`; imports nothing'],
  ['client', "the frontend's `refreshToken`; imports nothing"],
].map(([name, job]) => ({ name, job, path: `^src/${name}/` }));

module.exports = { LAYERS, ISLANDS };

/*
 * The incidents that the drill plays. Each has these properties:
 *
 *   title             its name in the runbook
 *   setup             the differences from the usual stage: `options` of the module, `hasRedis`
 *   begin, end        functions that break the stage and mend it
 *   minutes           how long the incident lasts; 30 by default
 */
import { OTHER_KEY, PRIMARY_KEY, FALLBACK_KEY } from './stage.mjs';

/** Minutes. Longer than a token lives, so that users notice the incident. */
const OUTLASTS_TOKENS = 75;
const SLOW_MS = 2_500;
const WRONG_BY_MS = 120_000;

const fault = (...faults) => ({
  begin: ({ nudge }) => nudge.setFault(...faults),
  end: ({ nudge }) => nudge.clearFaults(),
});

export const INCIDENTS = [
  { title: 'Nudge is slow', ...fault({ kind: 'latency', latencyMs: SLOW_MS }) },
  { title: 'Nudge answers 429', ...fault({ kind: 'rate-limit', retryAfterS: 30 }) },
  { title: 'Nudge answers 5xx', minutes: OUTLASTS_TOKENS, ...fault({ kind: 'status', status: 503 }) },
  { title: 'Nudge does not answer', ...fault({ kind: 'hang' }) },
  {
    title: 'Nudge answers with a page of a proxy',
    ...fault({ kind: 'wrong-content-type' }),
  },
  {
    title: 'The API key is revoked',
    begin: ({ nudge }) => nudge.setApiKeys([OTHER_KEY]),
    end: ({ nudge }) => nudge.setApiKeys([PRIMARY_KEY]),
  },
  {
    title: 'Short-lived tokens are not enabled',
    begin: ({ nudge }) => nudge.setEnabled(false),
    end: ({ nudge }) => nudge.setEnabled(true),
  },
  {
    title: 'The primary key is revoked, the fallback key serves',
    setup: { options: { fallbackApiKey: FALLBACK_KEY } },
    begin: ({ nudge }) => nudge.setApiKeys([FALLBACK_KEY]),
    end: ({ nudge }) => nudge.setApiKeys([PRIMARY_KEY, FALLBACK_KEY]),
  },
  { title: "Nudge's clock is wrong", ...fault({ kind: 'wrong-clock', offsetMs: WRONG_BY_MS }) },
  {
    title: 'The clock of one machine is wrong',
    begin: ({ pods: [first] }) => void (first.clock.aheadMs = WRONG_BY_MS),
    end: ({ pods: [first] }) => void (first.clock.aheadMs = 0),
  },
  {
    title: 'Redis is lost',
    setup: { hasRedis: true },
    begin: ({ redis }) => redis.stop(),
    end: ({ redis }) => redis.launch(),
  },
  {
    title: 'Redis is slow',
    setup: { hasRedis: true },
    begin: ({ waysToRedis }) => waysToRedis.forEach((way) => void (way.delayMs = SLOW_MS)),
    end: ({ waysToRedis }) => waysToRedis.forEach((way) => way.mend()),
  },
  {
    title: "The keys of the users' JWTs cannot be fetched",
    minutes: OUTLASTS_TOKENS,
    begin: ({ issuer }) => void (issuer.isUp = false),
    end: ({ issuer }) => void (issuer.isUp = true),
  },
  {
    title: 'The budget of calls is spent',
    setup: {
      options: {
        scope: 'user',
        extId: ({ sub }) => sub,
        budget: { callsPerMinute: 10 },
      },
    },
    begin: (stage) => void (stage.newUsersPerStep = 12),
    end: (stage) => void (stage.newUsersPerStep = 0),
  },
  {
    title: 'The way of one process to Nudge is broken',
    minutes: OUTLASTS_TOKENS,
    begin: ({ waysToNudge: [first] }) => first.cut(),
    end: ({ waysToNudge: [first] }) => first.mend(),
  },
];

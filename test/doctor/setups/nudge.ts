import type { EmulatorFault } from '../../../src/emulator/index.js';
import { unreachableOrigin } from '../../support/http-stub.js';
import type { BrokenSetup } from '../support/stage.js';

const CALL_FAILS = { call: 'fail' } as const;

function withFault(
  title: string,
  fault: EmulatorFault,
  shows: BrokenSetup['shows'],
  says: RegExp,
): BrokenSetup {
  return { title, shows, says, breakIt: (stage) => stage.nudge.setFault(fault) };
}

/** A setup in which Nudge's answer comes late. */
function late(title: string, ms: number, shows: BrokenSetup['shows'], says: RegExp): BrokenSetup {
  return {
    title,
    shows,
    says,
    breakIt(stage) {
      stage.nudge.setFault({ kind: 'latency', latencyMs: ms });
      return async () => {
        await stage.nudge.untilReceived(1);
        await stage.clock.advanceAsync(ms);
      };
    },
  };
}

/** A 401 or a 403 has three possible causes: the doctor names all of them. */
const ALL_CAUSES = /wrong, withdrawn, or a PUBLIC key.*enable short-lived tokens/;

export const NUDGE_SETUPS: readonly BrokenSetup[] = [
  {
    title: 'a key that Nudge does not accept',
    shows: CALL_FAILS,
    says: ALL_CAUSES,
    breakIt: (stage) => stage.nudge.setApiKeys(['another-canary-key-0123456789']),
  },
  {
    title: 'an account without short-lived tokens',
    shows: CALL_FAILS,
    says: ALL_CAUSES,
    breakIt: (stage) => stage.nudge.setEnabled(false),
  },
  {
    title: 'a wrong path in the base URL',
    shows: CALL_FAILS,
    says: /404.*path and the host of NUDGE_BASE_URL.*your region's host/,
    breakIt: (stage) => void (stage.environment['NUDGE_BASE_URL'] = stage.nudge.url.replace('/api', '/v2')),
  },
  {
    title: 'an emulator that does not run',
    shows: { tcp: 'fail' },
    says: /ECONNREFUSED.*the emulator: is it running/,
    breakIt: async (stage) => void (stage.environment['NUDGE_BASE_URL'] = `${await unreachableOrigin()}/api`),
  },
  withFault('a firewall', { kind: 'firewall' }, CALL_FAILS, /403 in its place.*let this call through/),
  withFault(
    'a proxy that answers 407 in place of Nudge',
    { kind: 'status', status: 407 },
    CALL_FAILS,
    /Something between here and Nudge.*407/,
  ),
  withFault(
    'parameters that Nudge refuses',
    { kind: 'status', status: 400 },
    CALL_FAILS,
    /400.*NUDGE_DEFAULT_EXPIRY_MINS/,
  ),
  withFault(
    'a redirect',
    { kind: 'redirect' },
    CALL_FAILS,
    /redirects \(status 302\).*never followed.*region/,
  ),
  withFault(
    'too many calls',
    { kind: 'rate-limit', retryAfterS: 30 },
    CALL_FAILS,
    /429.*again in 30 s.*1200 calls a minute/,
  ),
  withFault('a failure at Nudge', { kind: 'status', status: 503 }, CALL_FAILS, /503.*try again in a minute/),
  withFault(
    'an unknown status',
    { kind: 'status', status: 418 },
    CALL_FAILS,
    /418.*Nudge is not known to answer this status: please report it/,
  ),
  withFault(
    'a page of HTML in place of the token',
    { kind: 'wrong-content-type' },
    CALL_FAILS,
    /answered 200, but not with.*firewall, a proxy or a gateway/,
  ),
  withFault('half an answer', { kind: 'not-json' }, CALL_FAILS, /not with \{"token"/),
  withFault(
    'an answer with another field',
    { kind: 'wrong-json', json: { jwt: 7 } },
    CALL_FAILS,
    /not with \{"token"/,
  ),
  withFault('a huge answer', { kind: 'oversized-body', sizeBytes: 131_072 }, CALL_FAILS, /more than 64 KiB/),
  withFault(
    'a connection that is cut',
    { kind: 'drop' },
    CALL_FAILS,
    /cannot be reached \(ECONNRESET\).*cut/,
  ),
  {
    title: 'a call without an answer',
    shows: CALL_FAILS,
    says: /did not answer within 10000 ms.*proxy that inspects/,
    breakIt(stage) {
      stage.nudge.setFault({ kind: 'hang' });
      return async () => {
        await stage.nudge.untilReceived(1);
        await stage.clock.advanceAsync(10_000);
      };
    },
  },
  late(
    'an answer after four seconds',
    4_000,
    { latency: 'fail' },
    /4000 ms.*would have given up.*http\.timeoutMs/,
  ),
  late(
    'an answer after two seconds',
    2_000,
    { latency: 'warn' },
    /2000 ms.*more than half of the allowed time/,
  ),
  withFault('a token that is not a JWT', { kind: 'garbage-token' }, { token: 'fail' }, /unusable token/),
  withFault(
    'a token that has expired',
    { kind: 'expired-token', expiredForS: 60 },
    { token: 'fail' },
    /expired 6\d s ago/,
  ),
  withFault(
    'a token without exp',
    { kind: 'token-without-exp' },
    { token: 'fail' },
    /"exp" claim is missing/,
  ),
  withFault(
    'a token that lives for a week',
    { kind: 'token-life', lifeS: 604_800 },
    { token: 'fail' },
    /longer than 1440 minutes/,
  ),
  withFault(
    'a token from a cache',
    { kind: 'aged-token', ageS: 600 },
    { token: 'warn' },
    /issued 10 minutes ago.*cache/,
  ),
  withFault(
    'a token with half of the life that the call asked for',
    { kind: 'token-life', lifeS: 1_800 },
    { drift: 'warn' },
    /30 minutes instead of the 60 .*report this line/,
  ),
  withFault(
    'an unknown claim',
    { kind: 'wrong-claims', claims: { tier: 'gold' } },
    { drift: 'warn' },
    /new in the token's claims: tier/,
  ),
  withFault(
    'a clock that is behind',
    { kind: 'wrong-clock', offsetMs: 90_000 },
    { clock: 'warn' },
    /clock is \d+ s behind Nudge's.*synchronisation/,
  ),
];

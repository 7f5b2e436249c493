import { z } from 'zod';
import { MAX_API_KEY_LENGTH } from '../vendor/api-key.js';
import { MAX_DEADLINE_MS, MAX_EXPIRY_MINS, MIN_DEADLINE_MS, MIN_EXPIRY_MINS } from './nudge-auth.options.js';
import { connectionShape } from './connection-schema.js';
import { functionThat, isObject, wholeNumber } from './option-rules.js';
import { isInsecure } from './plain-http.js';
import { tenantsProblems, tenantsSchema } from './tenants-schema.js';
import { userJwtSchema } from './user-jwt-schema.js';

/** What is wrong with an API key, in words that never quote it; `undefined` when nothing is. */
export function apiKeyProblem(key: unknown): string | undefined {
  if (typeof key !== 'string') return 'must be a string';
  // First, so that no other rule looks at it.
  if (key.length > MAX_API_KEY_LENGTH) {
    return `is longer than ${MAX_API_KEY_LENGTH} characters, as no key is: give the key and nothing else`;
  }
  if (key.trim() === '') return 'is empty';
  if (/^["'`]|["'`]$/.test(key.trim())) return 'has quotes around it: remove them';
  if (/\s/.test(key)) return 'contains white space or a line break: remove it';
  if (!/^[\x21-\x7e]+$/.test(key)) return 'contains characters that cannot stand in an HTTP header';
  return undefined;
}

function apiKey(missing: string, emptied: string): z.ZodType {
  return z.unknown().superRefine((value, context) => {
    if (typeof value === 'function') return;
    const problem =
      value === undefined || value === null
        ? missing
        : typeof value === 'string'
          ? value.length <= MAX_API_KEY_LENGTH && value.trim() === ''
            ? emptied
            : apiKeyProblem(value)
          : 'must be a string, or a function that returns one';
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });
}

const API_KEY_CURE =
  'set it to the PRIVATE key from the settings of the Nudge dashboard (environment: NUDGE_API_KEY)';

const BASE_URL_MUST =
  'must be an absolute URL such as https://main-api.nudgenow.com/api (environment: NUDGE_BASE_URL)';

const baseUrl = z.string({ error: BASE_URL_MUST }).superRefine((value, context) => {
  const problem = baseUrlProblem(value);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
});

function baseUrlProblem(value: string): string | undefined {
  if (!URL.canParse(value) || /\s/.test(value)) return BASE_URL_MUST;
  const url = new URL(value);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return BASE_URL_MUST;
  if (url.username !== '' || url.password !== '') {
    return 'must not hold a user name or password: the API key is the only credential';
  }
  // Not `search` and `hash`: both are empty behind a mere "?", which would still swallow the path.
  if (/[?#]/.test(value)) return 'must not hold a query or a fragment';
  if (/\/clients\/jwt\/token\/?$/.test(url.pathname)) {
    return 'must end before /clients/jwt/token, which is added to it';
  }
  return undefined;
}

const cache = z.strictObject(
  {
    rotateAfterMs: wholeNumber(1_000, 86_400_000, 'milliseconds'),
    minRemainingMs: wholeNumber(0, 86_400_000, 'milliseconds'),
    maxWaitMs: wholeNumber(0, 5_000, 'milliseconds'),
    maxEntries: wholeNumber(1, 10_000_000, 'users'),
  },
  { error: 'must be an object, or false to hold no tokens' },
);

const budget = z.strictObject(
  { callsPerMinute: wholeNumber(1, 1_200, 'calls', ' (the vendor allows 1200 per IP address)') },
  { error: 'must be an object' },
);

const http = z.strictObject(
  {
    timeoutMs: wholeNumber(100, MAX_DEADLINE_MS, 'milliseconds'),
    deadlineMs: wholeNumber(
      MIN_DEADLINE_MS,
      MAX_DEADLINE_MS,
      'milliseconds',
      ': mobile SDKs give up after ten seconds, so an answer must be there before',
    ),
    maxRetries: wholeNumber(0, 5, 'retries'),
    ...connectionShape,
  },
  { error: 'must be an object' },
);

const TOKEN_STORE_METHODS = ['read', 'acquire', 'invalidate', 'untilChanged', 'close'] as const;

const store = z.custom(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    TOKEN_STORE_METHODS.every((method) => typeof Reflect.get(value, method) === 'function'),
  { error: 'must be a TokenStore: an object that implements its whole contract' },
);

interface OptionsShape {
  readonly scope?: unknown;
  readonly extId?: unknown;
  readonly warmUp?: unknown;
  readonly baseUrl?: unknown;
  readonly allowInsecureBaseUrl?: unknown;
  readonly apiKey?: unknown;
  readonly tenants?: unknown;
}

function checkBetweenOptions(value: OptionsShape, context: z.core.$RefinementCtx): void {
  const report = (path: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [path], message });
  if (value.scope === 'user' && typeof value.extId !== 'function') {
    report('extId', "must be a function in scope 'user', such as (user) => user.id, of the verified user");
  }
  if (value.scope !== 'user' && value.extId !== undefined) {
    report('extId', "has no meaning in scope 'client': remove it, or set scope to 'user'");
  }
  if (value.scope === 'user' && (value.warmUp === 'background' || value.warmUp === 'required')) {
    report('warmUp', "has no meaning in scope 'user', where every token needs its user: remove it");
  }
  if (value.tenants === undefined) {
    const problem = ofAccount.safeParse(value.apiKey).error?.issues[0]?.message;
    if (problem !== undefined) report('apiKey', problem);
  }
  for (const [path, message] of tenantsProblems({ ...value })) report(path, message);
  if (value.allowInsecureBaseUrl !== true) {
    if (isInsecureText(value.baseUrl)) report('baseUrl', IN_CLEAR);
    const ofTenants = isObject({ value: value.tenants })
      ? Reflect.get(Object(value.tenants), 'baseUrls')
      : [];
    if (Array.isArray(ofTenants) && ofTenants.some(isInsecureText)) report('tenants.baseUrls', IN_CLEAR);
  }
}

const IN_CLEAR =
  'would send the API key in clear: use https, or set allowInsecureBaseUrl to true where the network itself is trusted';

function isInsecureText(url: unknown): boolean {
  return typeof url === 'string' && isInsecure(url);
}

const ofAccount = apiKey(`is missing: ${API_KEY_CURE}`, `is empty: ${API_KEY_CURE}`);

/** Every rule that the options must keep. Its messages say what is wrong and how to mend it, and quote no value. */
export const nudgeAuthOptionsSchema = z
  .strictObject(
    {
      // Whether it may be left out is a matter between it and `tenants`.
      apiKey: z.unknown().optional(),
      fallbackApiKey: apiKey(
        'must be a string, or a function that returns one',
        'is empty: leave it out where there is no second key (environment: NUDGE_FALLBACK_API_KEY)',
      ).optional(),
      defaultExpiryMins: wholeNumber(
        MIN_EXPIRY_MINS,
        MAX_EXPIRY_MINS,
        'minutes',
        ' (environment: NUDGE_DEFAULT_EXPIRY_MINS)',
      ),
      baseUrl: baseUrl.optional(),
      allowInsecureBaseUrl: z.boolean({ error: 'must be true or false' }).optional(),
      scope: z.enum(['client', 'user'], { error: "must be 'client' or 'user'" }).optional(),
      extId: z.unknown().optional(),
      cache: z
        .union([z.literal(false), cache], { error: 'must be an object, or false to hold no tokens' })
        .optional(),
      warmUp: z
        .literal([false, 'background', 'required'], { error: "must be false, 'background' or 'required'" })
        .optional(),
      budget: budget.optional(),
      http: http.optional(),
      userJwt: userJwtSchema.optional(),
      store: store.optional(),
      tenants: tenantsSchema(baseUrl).optional(),
      enabled: functionThat('returns true or false').optional(),
    },
    { error: 'must be an object: what forRoot is given, or what the options factory returns' },
  )
  .superRefine(checkBetweenOptions, { when: isObject });

/** Every option there is. */
export const OPTION_NAMES: readonly string[] = Object.keys(nudgeAuthOptionsSchema.shape);

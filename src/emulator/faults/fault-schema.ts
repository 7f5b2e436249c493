import { z } from 'zod';
import { FAULT_LAYERS, type EmulatorFault, type FaultLayer } from './faults.js';
import { parseInput, EmulatorInputError } from '../input-error.js';

const LARGEST_BODY_BYTES = 256 * 1024 * 1024;
/** Beyond this, dates cannot be written: 100 years. */
const LONGEST_S = 100 * 365 * 24 * 3600;
const LONGEST_MS = LONGEST_S * 1000;

const headerValue = z.string().regex(/^[\t\x20-\x7e]*$/, 'may hold printable ASCII characters only');
const seconds = z.int().min(0).max(LONGEST_S);
const signedSeconds = z.int().min(-LONGEST_S).max(LONGEST_S);
const milliseconds = z.number().min(0).max(LONGEST_MS);
const minutes = z
  .int()
  .min(1)
  .max(LONGEST_S / 60);
const bodyBytes = z.int().min(1).max(LARGEST_BODY_BYTES);

const scope = {
  times: z.int().min(1).optional(),
  only: z.strictObject({ apiKey: z.string().optional(), extId: z.string().optional() }).optional(),
};
const retryAfter = {
  retryAfterS: signedSeconds.optional(),
  retryAfterForm: z.enum(['seconds', 'http-date']).optional(),
  retryAfterText: headerValue.optional(),
};
const when = z.enum(['before-answer', 'mid-body']).optional();

function kind<Kind extends string, Shape extends z.ZodRawShape>(name: Kind, shape: Shape) {
  return z.strictObject({ kind: z.literal(name), ...shape, ...scope });
}

const oneRetryAfter = (fault: { retryAfterS?: number; retryAfterText?: string }): boolean =>
  fault.retryAfterS === undefined || fault.retryAfterText === undefined;
const ONE_RETRY_AFTER = { path: ['retryAfterText'], message: 'cannot stand beside retryAfterS' };

const faultSchema: z.ZodType<EmulatorFault> = z.discriminatedUnion(
  'kind',
  [
    kind('latency', { latencyMs: milliseconds, leg: z.enum(['request', 'response']).optional() }),
    kind('status', {
      status: z.int().min(200).max(599),
      message: z.string().optional(),
      ...retryAfter,
    }).refine(oneRetryAfter, ONE_RETRY_AFTER),
    kind('rate-limit', retryAfter).refine(oneRetryAfter, ONE_RETRY_AFTER),
    kind('redirect', {
      status: z.literal([301, 302, 303, 307, 308]).optional(),
      location: headerValue.min(1).optional(),
    }),
    kind('firewall', { status: z.int().min(400).max(599).optional() }),
    kind('wrong-content-type', { contentType: headerValue.min(1).optional(), body: z.string().optional() }),
    kind('not-json', { body: z.string().optional() }),
    kind('wrong-json', { json: z.json() }),
    kind('oversized-body', { sizeBytes: bodyBytes.optional() }),
    kind('gzip-bomb', { unpackedBytes: bodyBytes.optional() }),
    kind('drop', { when }),
    kind('hang', { when }),
    kind('slow-body', { intervalMs: milliseconds.optional(), chunkBytes: bodyBytes.optional() }),
    kind('truncated-body', { missingBytes: bodyBytes.optional() }),
    kind('same-token', { forMs: milliseconds.optional() }),
    kind('expired-token', { expiredForS: seconds.optional() }),
    kind('token-life', { lifeS: seconds.min(1) }),
    kind('aged-token', { ageS: seconds }),
    kind('shrinking-life', {
      fromMins: minutes.optional(),
      toMins: minutes.optional(),
      stepMins: minutes.optional(),
    }),
    kind('token-without-exp', {}),
    kind('token-without-iat', {}),
    kind('wrong-claims', { claims: z.record(z.string(), z.json()) }),
    kind('garbage-token', { token: z.string().optional() }),
    kind('wrong-clock', { offsetMs: z.number().min(-LONGEST_MS).max(LONGEST_MS) }),
    kind('no-date', {}),
    kind('cached-date', { ageS: seconds, ageHeader: z.boolean().optional() }),
  ],
  { error: `must be one of ${Object.keys(FAULT_LAYERS).join(', ')}` },
);

const scriptSchema = z.array(faultSchema);

/**
 * The faults in a value that came from anywhere: one fault, or a list.
 *
 * @throws {EmulatorInputError} naming every problem: an unknown kind or field, a value out of range, or a fault that
 *   could never be reached because one without `times` stands before it in the same layer.
 */
export function parseFaults(input: unknown): EmulatorFault[] {
  const list: readonly unknown[] = Array.isArray(input) ? input : [input];
  const faults =
    list.length === 1
      ? [parseInput('fault', faultSchema, list[0])]
      : parseInput('faults', scriptSchema, list);
  const endless = new Set<FaultLayer>();
  for (const [index, fault] of faults.entries()) {
    const layer = FAULT_LAYERS[fault.kind];
    if (endless.has(layer)) {
      throw new EmulatorInputError('faults', [
        `${index}: can never be reached: a fault of the same layer (${layer}) without "times" stands before it`,
      ]);
    }
    if (fault.times === undefined && fault.only === undefined) endless.add(layer);
  }
  return faults;
}

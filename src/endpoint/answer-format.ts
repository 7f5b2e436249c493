import { NudgeAuthError } from '../common/errors.js';

export type AnswerFormat = 'json' | 'text';

/** A client may not choose these: the backend decides how long a token lives and whose it is. */
const NOT_FOR_CLIENTS = ['expiryMins', 'extId'] as const;

interface MediaRange {
  readonly type: string;
  readonly weight: number;
}

/** RFC 9110 §12.4.2. */
const WEIGHT = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;

/** RFC 9110 §12.5.1. A weight that is not valid counts as 1, as if the client had left it out. */
function parseAccept(accept: string): MediaRange[] {
  return accept.split(',').map((part) => {
    const [type = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
    const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '';
    return { type, weight: WEIGHT.test(quality) ? Number(quality) : 1 };
  });
}

/**
 * True only where the client names `text/plain` and prefers it: `text/plain` weighs more than `application/json`, or
 * only the range for everything accepts JSON. A client without a preference gets JSON.
 */
function prefersText(accept: string): boolean {
  // Nearly every request ends here and costs no parsing.
  if (!/text\/plain/i.test(accept)) return false;
  const ranges = parseAccept(accept);
  const weightOf = (type: string): number | undefined => ranges.find((range) => range.type === type)?.weight;
  const text = weightOf('text/plain') ?? 0;
  const json = weightOf('application/json') ?? weightOf('application/*') ?? 0;
  return text > json;
}

function invalid(message: string): NudgeAuthError {
  return new NudgeAuthError('NUDGE_INVALID_REQUEST', message);
}

/**
 * The format in which the endpoint answers a request.
 *
 * @param url the request's target with its query.
 * @throws {NudgeAuthError} `NUDGE_INVALID_REQUEST` for an unknown or repeated `format`, and for `expiryMins` and
 * `extId`, which a client may not choose. Other parameters are ignored.
 */
export function answerFormat(url: string, accept: string | undefined): AnswerFormat {
  const queryAt = url.indexOf('?');
  if (queryAt !== -1) {
    const query = new URLSearchParams(url.slice(queryAt + 1));
    for (const name of NOT_FOR_CLIENTS) {
      if (query.has(name)) throw invalid(`The parameter ${name} cannot be chosen by a client: remove it`);
    }
    const [format, ...more] = query.getAll('format');
    if (more.length > 0) throw invalid('The parameter format is given more than once');
    if (format === 'json' || format === 'text') return format;
    if (format !== undefined) throw invalid('The parameter format must be json or text');
  }
  return accept !== undefined && prefersText(accept) ? 'text' : 'json';
}

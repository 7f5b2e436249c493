import { fail, pass, warn, type Check } from '../check.js';
import { answerToPreflight, answerToStranger, hasEndpoint } from '../probes/endpoint.js';

/** The headers that scripts of a page must be able to read. */
const NEEDED_TO_BE_EXPOSED = ['Retry-After', 'Nudge-Auth-Error'];

function listed(header: string | undefined): string[] {
  return (header ?? '').split(',').map((name) => name.trim().toLowerCase());
}

const howToEnable = (origin: string): string =>
  `app.enableCors({ origin: '${origin}', exposedHeaders: ['Retry-After', 'Nudge-Auth-Error'] })`;

export const endpointCorsCheck: Check = {
  name: 'endpoint-cors',
  group: 'Endpoint',
  asks: 'whether pages of the origin may call',
  needs: ['endpoint-answer'],
  isFor: (context) => hasEndpoint(context) && context.request.pageOrigin !== undefined,
  async run(context, signal) {
    const origin = context.request.pageOrigin ?? '';
    const preflight = await answerToPreflight(context, signal);
    const { headers } = await answerToStranger(context, signal);
    for (const allowed of [preflight.headers, headers].map((one) => one['access-control-allow-origin'])) {
      if (allowed === origin || allowed === '*') continue;
      return fail(`pages of ${origin} are not allowed to call`, `In main.ts: ${howToEnable(origin)}`);
    }
    if (preflight.status >= 300) {
      return fail(
        `the endpoint answers ${preflight.status} to the preflight of ${origin}`,
        'CORS must come before guards and redirects: use enableCors in main.ts, or set it up in the proxy.',
      );
    }
    if (!listed(preflight.headers['access-control-allow-headers']).includes('authorization')) {
      return fail(
        `pages of ${origin} may not send Authorization`,
        'Add Authorization to allowedHeaders of enableCors. A star does not include it.',
      );
    }
    const exposed = listed(headers['access-control-expose-headers']);
    const hiddenNames = NEEDED_TO_BE_EXPOSED.filter(
      (name) => !exposed.includes(name.toLowerCase()) && !exposed.includes('*'),
    );
    if (hiddenNames.length > 0) {
      return warn(
        `pages of ${origin} may call, but cannot read ${hiddenNames.join(' and ')}`,
        `After an error, such pages would call again too early. In main.ts: ${howToEnable(origin)}`,
      );
    }
    return pass(`pages of ${origin} may call`);
  },
};

import { pass, warn, type Check } from '../check.js';

/** The parts of Node that write requests with their headers to standard error. */
const HEADER_LOGGERS = ['http', 'net'];

/** Reads the variable as Node does: names in any case, with stars as wildcards, joined by commas. */
function isNamed(part: string, nodeDebug: string): boolean {
  return nodeDebug.split(',').some((name) => {
    const pattern = name
      .trim()
      .replaceAll(/[^\w*]/g, '.')
      .replaceAll('*', '.*');
    return new RegExp(`^${pattern}$`, 'i').test(part);
  });
}

export const debugOutputCheck: Check = {
  name: 'debug-output',
  group: 'Runtime',
  asks: 'whether NODE_DEBUG makes Node print headers',
  needs: [],
  run({ request: { environment } }) {
    const { NODE_DEBUG: nodeDebug = '' } = environment;
    if (!HEADER_LOGGERS.some((part) => isNamed(part, nodeDebug))) return pass('NODE_DEBUG prints no headers');
    return warn(
      'NODE_DEBUG makes Node write requests with their headers, and so the API key, to standard error',
      'Remove NODE_DEBUG, or the names http, net and * from it.',
    );
  },
};

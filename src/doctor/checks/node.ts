import { fail, pass, type Check } from '../check.js';
import { readManifest } from '../manifest.js';
import { isInRange } from '../version-range.js';

export const nodeCheck: Check = {
  name: 'node',
  group: 'Runtime',
  asks: 'the version of Node',
  needs: [],
  run({ machine: { nodeVersion } }) {
    const { node } = readManifest().engines;
    if (isInRange(nodeVersion, node)) return pass(`Node ${nodeVersion}`);
    return fail(`this package does not run on Node ${nodeVersion}`, `Install Node ${node}.`);
  },
};

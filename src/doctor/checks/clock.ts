import { SECOND_MS } from '../../common/durations.js';
import { pass, skip, warn, type Check } from '../check.js';
import { duration } from '../plain-words.js';
import { tokenOfNudge } from '../probes/vendor-token.js';

const NOTABLE_SKEW_MS = 30 * SECOND_MS;

export const clockCheck: Check = {
  name: 'clock',
  group: 'Nudge',
  asks: "whether this machine's clock and Nudge's agree",
  needs: ['token'],
  reachesNudge: true,
  async run(context, signal) {
    const { skewMs } = await tokenOfNudge(context, signal);
    if (skewMs === undefined) return skip('the answer has no usable Date, so the difference is unknown');
    if (Math.abs(skewMs) <= NOTABLE_SKEW_MS) return pass(`less than ${duration(NOTABLE_SKEW_MS)} apart`);
    const relation = skewMs > 0 ? 'behind' : 'ahead of';
    return warn(
      `this machine's clock is ${duration(Math.abs(skewMs))} ${relation} Nudge's`,
      "Check this machine's time synchronisation. Tokens stay good, because the module uses Nudge's clock for them, but clients get a wrong `expiresAt`.",
    );
  },
};

/*
 * The table of alerts, each with its test cases. All cases run with both spellings of the metrics' names.
 *
 * A case gives the values of each series minute by minute, in promtool's notation: `0+3x20` rises by 3 a minute for 20
 * minutes, `_x20` is absent for 20 minutes. `silentAt` says when the alert must be silent, and `firesAt` when it must
 * fire.
 */
import { CALL_ALERTS } from './call-alerts.mjs';
import { SURROUNDINGS_ALERTS } from './surroundings-alerts.mjs';
import { TOKEN_ALERTS } from './token-alerts.mjs';

export const ALERTS = [...TOKEN_ALERTS, ...CALL_ALERTS, ...SURROUNDINGS_ALERTS];

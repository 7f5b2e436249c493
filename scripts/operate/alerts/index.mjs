/*
 * The table of alerts, each with the cases that prove it. All cases run in both spellings of the metrics' names.
 *
 * A case gives the values of series minute by minute, in promtool's notation: `0+3x20` rises by 3 a minute for 20
 * minutes, `_x20` is absent for 20. It says when the alert must be silent, and in `firesAt` when it must fire, if ever.
 */
import { CALL_ALERTS } from './call-alerts.mjs';
import { SURROUNDINGS_ALERTS } from './surroundings-alerts.mjs';
import { TOKEN_ALERTS } from './token-alerts.mjs';

export const ALERTS = [...TOKEN_ALERTS, ...CALL_ALERTS, ...SURROUNDINGS_ALERTS];

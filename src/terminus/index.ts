export { NudgeHealthIndicator, type NudgeHealthOptions } from './nudge-health.indicator.js';

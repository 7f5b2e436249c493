export { NudgeOtelModule, type NudgeOtelOptions } from './nudge-otel.module.js';

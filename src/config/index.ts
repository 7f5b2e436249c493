export { nudgeAuthConfig } from './nudge-auth.config.js';

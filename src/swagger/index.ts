export { nudgeTokenDocs, type NudgeTokenDocsOptions, type NudgeTokenSecurity } from './nudge-token-docs.js';

/** The name of the client's package. */
export const NAME = 'nudge-refresh-token';

const OPTIONS = `{
  endpoint: '/nudge/token',
  fetch: async () => Response.json({ token: 'brought', expiresIn: 3600, refreshIn: 3000 }),
}`;
/** The next fetch is due in 3000 s: if its timer keeps the process alive, the test runs into its time limit. */
export const ESM_APP = `import { createRefreshToken } from '${NAME}';
createRefreshToken(${OPTIONS})().then(console.log);`;
export const CJS_APP = `const { createRefreshToken } = require('${NAME}');
createRefreshToken(${OPTIONS})().then(console.log);`;
export const TYPED_APP = `import { createRefreshToken, type RefreshToken, type RefreshTokenEvent } from '${NAME}';
export const refreshToken: RefreshToken = createRefreshToken({
  endpoint: '/nudge/token',
  headers: (why) => (why === 'unauthorized' ? null : { Authorization: 'Bearer user' }),
  identity: () => 'user',
  onEvent: ({ type }: RefreshTokenEvent) => [type],
});
export const answer: Promise<string | null> = refreshToken();
// @ts-expect-error an endpoint is required
createRefreshToken({});
`;

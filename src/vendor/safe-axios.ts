/**
 * The oldest release that tunnels to https through a proxy, keeps the agent's TLS options there, and takes no
 * connection from a polluted `Object.prototype`. Found by `npm run axios:floor`.
 */
const OLDEST_SAFE_AXIOS = '1.20.0';

/** Versions as numbers that sort as the versions do; a pre-release counts as its release. */
function rank(version: string): number {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return (major * 1_000 + minor) * 1_000 + patch;
}

/**
 * Stops a boot with an axios that could give the API key away. The package depends on a safe one, but `overrides` of
 * the host can force another.
 *
 * @throws {Error} that names the version found and the one needed.
 */
export function assertSafeAxios(version: string): void {
  if (rank(version) >= rank(OLDEST_SAFE_AXIOS)) return;
  throw new Error(
    `nestjs-nudge-auth was given axios ${version}, which can give the Nudge API key away: behind a proxy, or where ` +
      `Object.prototype is polluted. It needs axios ^${OLDEST_SAFE_AXIOS}: remove what forces the older one ` +
      '("overrides" or "resolutions" in package.json), then install again.',
  );
}

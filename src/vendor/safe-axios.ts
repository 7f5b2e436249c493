/**
 * The oldest version that tunnels to https through a proxy, keeps the agent's TLS options in the tunnel, and is safe
 * from a polluted `Object.prototype`. `npm run axios:floor` finds it.
 */
const OLDEST_SAFE_AXIOS = '1.20.0';

/** A version as a number, so that numbers sort as versions do. A pre-release counts as its release. */
function rank(version: string): number {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return (major * 1_000 + minor) * 1_000 + patch;
}

/**
 * Stops the boot if the installed version of axios could leak the API key. This package depends on a safe version, but
 * the host's `overrides` can force another one.
 *
 * @throws {Error} when the version is too old. The message names the found version and the required one.
 */
export function assertSafeAxios(version: string): void {
  if (rank(version) >= rank(OLDEST_SAFE_AXIOS)) return;
  throw new Error(
    `nestjs-nudge-auth was given axios ${version}, which can give the Nudge API key away: behind a proxy, or where ` +
      `Object.prototype is polluted. It needs axios ^${OLDEST_SAFE_AXIOS}: remove what forces the older one ` +
      '("overrides" or "resolutions" in package.json), then install again.',
  );
}

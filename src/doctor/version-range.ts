type Version = readonly [number, number, number];

function versionOf(text: string): Version {
  const [major = 0, minor = 0, patch = 0] = text.split('.').map((part) => Number.parseInt(part, 10) || 0);
  return [major, minor, patch];
}

function isAtLeast(version: Version, least: Version): boolean {
  const index = version.findIndex((part, place) => part !== least[place]);
  return index === -1 || (version[index] ?? 0) > (least[index] ?? 0);
}

/** Reads a caret as npm does: it fixes the first number that is not zero. */
function isCompatible(version: Version, least: Version): boolean {
  const fixed = least[0] > 0 ? 1 : 2;
  return isAtLeast(version, least) && version.slice(0, fixed).join() === least.slice(0, fixed).join();
}

/** Whether a version is in a range of the form that this package uses: `^1.2.3` and `>=1.2.3`, joined by `||`. */
export function isInRange(version: string, range: string): boolean {
  return range.split('||').some((part) => {
    const [, operator, least = ''] = /^\s*(\^|>=)(\S+)\s*$/.exec(part) ?? [];
    if (operator === undefined) return false;
    return (operator === '^' ? isCompatible : isAtLeast)(versionOf(version), versionOf(least));
  });
}

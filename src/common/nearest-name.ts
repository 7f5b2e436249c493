/** Below this share of common letters, two names are not alike: a guess would mislead. */
const LEAST_LIKENESS = 0.6;

/** The number of letters that both texts have in the same order. */
function commonLetters(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, () => 0);
  for (const letter of one) {
    let best = 0;
    row = row.map((above, index) => {
      const diagonal = index > 0 && other[index - 1] === letter ? (row[index - 1] ?? 0) + 1 : 0;
      best = Math.max(best, above, diagonal);
      return best;
    });
  }
  return row.at(-1) ?? 0;
}

/** From 0 to 1. The start of a name, such as `alg` of `algorithms`, is like the whole name. */
function likeness(given: string, name: string): number {
  if (given.length > 2 && name.startsWith(given)) return 1;
  return (2 * commonLetters(given, name)) / (given.length + name.length);
}

/** The known name that the given one most likely means, or `undefined` if none is near. Case does not matter. */
function nearestName(given: string, known: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let most = LEAST_LIKENESS;
  // A longer text is no misspelt option, and would take long to compare.
  if (given.length > 50) return undefined;
  for (const name of known) {
    const alike = likeness(given.toLowerCase(), name.toLowerCase());
    if (alike < most || (alike === most && nearest !== undefined)) continue;
    nearest = name;
    most = alike;
  }
  return nearest;
}

/** The message for an option that does not exist. */
export function unknownOption(given: string, known: readonly string[]): string {
  const nearest = nearestName(given, known);
  return `is not an option: ${nearest === undefined ? 'remove it or check its spelling' : `did you mean ${nearest}?`}`;
}

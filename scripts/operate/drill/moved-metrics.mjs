/** The labels that say what happened. The other labels say where. */
const TELLING = ['error_type', 'nudge_auth_outcome', 'nudge_auth_from'];
/** Series of good outcomes. They rise with the number of users, so they show no incident. */
const WELL = /"(?:held|remembered|verified)"/;
/**
 * A gauge that changes by less has not moved. A token's remaining life falls until its rotation, and a slow answer makes the
 * measured difference of two clocks less exact.
 */
const NOTABLE = { nudge_auth_token_remaining_life: 180, nudge_auth_clock_skew: 5 };
const NOTABLE_OF_OTHERS = 0.5;
const LONGER_BY_S = 0.5;

const given = (values) => values.filter((value) => value !== undefined);

function riseOf(values) {
  const known = given(values);
  return known.length === 0 ? 0 : known.at(-1) - known[0];
}

function nameOf(key) {
  const [, name, labels] = /^(\w+)\{(.*)\}$/.exec(key);
  const telling = TELLING.map((label) => new RegExp(`\\b${label}="[^"]+"`).exec(labels)?.[0]).filter(
    (found) => found !== undefined,
  );
  return telling.length === 0 ? name : `${name}{${telling.join(', ')}}`;
}

/** Returns `rises` for a counter that did not rise before the incident and rises during it. */
function counterMove(before, during) {
  // The first value of a new series is already a rise from zero.
  const isNew = given(before).length === 0 && given(during).some((value) => value > 0);
  return riseOf(before) === 0 && (isNew || riseOf([...before.slice(-1), ...during]) > 0)
    ? 'rises'
    : undefined;
}

/** Returns `falls` or `rises` for a gauge that leaves the range of its values before the incident. */
function gaugeMove(name, before, during) {
  const [known, seen] = [given(before), given(during)];
  if (known.length === 0 || seen.length === 0) return undefined;
  const notable = NOTABLE[name] ?? NOTABLE_OF_OTHERS;
  if (Math.min(...seen) < Math.min(...known) - notable) return 'falls';
  return Math.max(...seen) > Math.max(...known) + notable ? 'rises' : undefined;
}

/**
 * Finds the metrics that show an incident: a counter that rises only now, or a gauge or a mean with a new value.
 *
 * @param begunAt the index of the incident's first scrape.
 * @param endedAt the index of the first scrape after the incident.
 */
export function movedMetrics({ series, types }, begunAt, endedAt) {
  const moves = new Set();
  const split = (values) => [values.slice(0, begunAt), values.slice(begunAt, endedAt)];
  for (const [key, values] of series) {
    const [name] = key.split('{');
    const [before, during] = split(values);
    if (WELL.test(key)) continue;
    if (types.get(name) === 'counter') addMove(key, counterMove(before, during));
    else if (types.get(name) === 'gauge') addMove(key, gaugeMove(name, before, during));
    else if (name.endsWith('_sum')) addMove(key.replace('_sum{', '{'), meanMove(key));
  }
  return [...moves].toSorted((a, b) => (a < b ? -1 : 1));

  function addMove(key, move) {
    if (move !== undefined) moves.add(`${nameOf(key)} ${move}`);
  }

  /** Returns `rises` if the mean of a histogram is notably longer during the incident. */
  function meanMove(sumKey) {
    const counts = series.get(sumKey.replace('_sum{', '_count{'));
    const [meanBefore, meanDuring] = split(series.get(sumKey)).map((sums, index) => {
      const count = riseOf(split(counts)[index]);
      return count === 0 ? 0 : riseOf(sums) / count;
    });
    return meanDuring > meanBefore + LONGER_BY_S ? 'rises' : undefined;
  }
}

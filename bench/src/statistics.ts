/** The summary of several rounds of one measurement. */
export interface Summary {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
  readonly rounds: readonly number[];
}

function rounded(value: number): number {
  return Number(value.toPrecision(5));
}

export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

export function summarise(values: readonly number[]): Summary {
  return {
    median: rounded(medianOf(values)),
    lowest: rounded(Math.min(...values)),
    highest: rounded(Math.max(...values)),
    rounds: values.map(rounded),
  };
}

/** The ratios are computed round by round, because a disturbance in one round affects both sides. */
export function ratioOf(above: readonly number[], below: readonly number[]): Summary {
  return summarise(above.map((value, round) => value / (below[round] ?? Number.NaN)));
}

/** How long and how often: a full run for the record, or a short one for a glance. */
export interface Settings {
  readonly isShort: boolean;
  readonly rounds: number;
  readonly secondsPerRound: number;
  readonly warmUpSeconds: number;
  /** Where each round has processes of its own: one process differs from the next by more than many effects. */
  readonly processes: number;
}

const FULL: Settings = { isShort: false, rounds: 5, secondsPerRound: 2, warmUpSeconds: 1, processes: 15 };
const SHORT: Settings = { isShort: true, rounds: 3, secondsPerRound: 1, warmUpSeconds: 1, processes: 5 };

export function settingsFor(isShort: boolean): Settings {
  return isShort ? SHORT : FULL;
}

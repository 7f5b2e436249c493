/** The length and number of rounds: for a full run that is recorded, or for a short one. */
export interface Settings {
  readonly isShort: boolean;
  readonly rounds: number;
  readonly secondsPerRound: number;
  readonly warmUpSeconds: number;
  /** The number of rounds with new processes. Processes differ from each other by more than many measured effects. */
  readonly processes: number;
}

const FULL: Settings = { isShort: false, rounds: 5, secondsPerRound: 2, warmUpSeconds: 1, processes: 15 };
const SHORT: Settings = { isShort: true, rounds: 3, secondsPerRound: 1, warmUpSeconds: 1, processes: 5 };

export function settingsFor(isShort: boolean): Settings {
  return isShort ? SHORT : FULL;
}

/**
 * A short-lived token for the frontend's Nudge SDK, ready to be handed to a signed-in user.
 * Both times are epoch milliseconds of this machine's clock, even if the vendor's clock differs.
 *
 * @publicApi
 */
export interface NudgeToken {
  /** The JWT itself, a bearer credential: never log it. */
  readonly token: string;
  /** When the vendor issued it. */
  readonly issuedAt: number;
  /** When the token must no longer be used: one second before it expires at the vendor, as a safety margin. */
  readonly expiresAt: number;
}

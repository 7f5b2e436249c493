/**
 * A short-lived token for the frontend's Nudge SDK, ready to be handed to a signed-in user.
 * Both moments are epoch milliseconds of this machine's clock, whatever the vendor's clock says.
 *
 * @publicApi
 */
export interface NudgeToken {
  /** The JWT itself, a bearer credential: never log it. */
  readonly token: string;
  /** When the vendor issued it. */
  readonly issuedAt: number;
  /** When it must no longer be used; a second earlier than the vendor's own end, to be on the safe side. */
  readonly expiresAt: number;
}

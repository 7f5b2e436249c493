/** The resolved options of a registration. */
export const NUDGE_AUTH_OPTIONS = Symbol('nudge-auth: options');
/** The static part of a registration: its name and its endpoint. */
export const NUDGE_AUTH_REGISTRATION = Symbol('nudge-auth: registration');
/** The verifier that a registration's option `userJwt` configures; `undefined` where the host's strategy guards. */
export const NUDGE_USER_VERIFIER = Symbol('nudge-auth: user verifier');
/** The source of a registration's tokens; a host's tests may override it. */
export const NUDGE_TOKEN_SOURCE = Symbol('nudge-auth: token source');
/** The clock of a registration; tests override it. */
export const NUDGE_CLOCK = Symbol('nudge-auth: clock');
/** The source of randomness of a registration; tests override it. */
export const NUDGE_RANDOM = Symbol('nudge-auth: random');

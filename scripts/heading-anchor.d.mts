/** The anchor of a heading, as GitHub, npm and the site make it: lower case, no punctuation, a dash for each blank. */
export function anchorOf(heading: string): string;

/** The anchor of a heading, as GitHub, npm and the site make it: lower case, no punctuation, a dash for each blank. */
export const anchorOf = (heading) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{Letter}\p{Number} _-]/gu, '')
    .replaceAll(' ', '-');

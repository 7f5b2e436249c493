/** A text as YAML: what JSON quotes is YAML too. */
export const quote = (text) => JSON.stringify(text);

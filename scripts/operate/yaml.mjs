/** A text as YAML. A JSON string is also valid YAML. */
export const quote = (text) => JSON.stringify(text);

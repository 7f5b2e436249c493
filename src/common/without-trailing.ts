/** The text without the given characters at its end. In one pass: a pattern such as `/x+$/` looks again from every x. */
export function withoutTrailing(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

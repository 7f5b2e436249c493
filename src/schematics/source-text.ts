const COMMENT_OR_STRING =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g;

function blank(text: string): string {
  return text.replace(/[^\r\n]/g, ' ');
}

/** The same text with comments and strings blanked out, so that every index stays where it was. */
export function withoutCommentsAndStrings(text: string): string {
  return text.replace(COMMENT_OR_STRING, blank);
}

/** The same text with comments blanked out. */
export function withoutComments(text: string): string {
  return text.replace(COMMENT_OR_STRING, (match) => (match.startsWith('/') ? blank(match) : match));
}

interface Line {
  /** `import { NudgeModule } from './nudge/nudge.module';`, in the file's own style. */
  readonly className: string;
  readonly specifier: string;
}

/**
 * The text of a module's file with one more module imported, or `undefined` if the file is not simple enough to edit:
 * it has more than one `@Module`, `imports` is not a list, or a spread or a quoted name may set `imports` too.
 */
export function withModuleImported(text: string, { className, specifier }: Line): string | undefined {
  const code = withoutCommentsAndStrings(text);
  const [decorator, ...more] = [...code.matchAll(/@Module\s*\(\s*\{/g)];
  if (decorator === undefined || more.length > 0) return undefined;
  const start = decorator.index + decorator[0].length;
  const edited = withListEntry(text, code, start, className);
  return edited === undefined ? undefined : withImportLine(edited, className, specifier);
}

function withListEntry(text: string, code: string, start: number, className: string): string | undefined {
  if (mayHaveHiddenProperties(text, code, start)) return undefined;
  const property = findProperty(code, start, 'imports');
  if (property === undefined) {
    const rest = text.slice(start);
    // The new property takes the indent of the first one, which must stand on its own line.
    const indent = /^\s*\n[ \t]*(?=\w)/.exec(rest)?.[0];
    return indent === undefined
      ? undefined
      : `${text.slice(0, start)}${indent}imports: [${className}],${rest}`;
  }
  const list = /^imports\s*:\s*\[/.exec(code.slice(property))?.[0];
  if (list === undefined) return undefined;
  const at = property + list.length;
  const gap = /^\s*/.exec(text.slice(at))?.[0] ?? '';
  const isEmpty = code.slice(at).trimStart().startsWith(']');
  const entry = isEmpty ? className : `${gap.includes('\n') ? gap : ''}${className},${gap === '' ? ' ' : ''}`;
  return `${text.slice(0, at)}${entry}${text.slice(isEmpty ? at + gap.length : at)}`;
}

/** The indexes of the object's own text. The text of a nested object, list or call does not count. */
function* ownIndexes(code: string, start: number): Generator<number> {
  let depth = 0;
  for (let index = start; index < code.length && depth >= 0; index += 1) {
    const character = code.charAt(index);
    if ('([{'.includes(character)) depth += 1;
    else if (')]}'.includes(character)) depth -= 1;
    else if (depth === 0) yield index;
  }
}

/** Where the object's own property begins. */
function findProperty(code: string, start: number, name: string): number | undefined {
  for (const index of ownIndexes(code, start)) {
    const isName = new RegExp(`^${name}\\b`).test(code.slice(index, index + name.length + 1));
    if (isName && !/[\w$.]/.test(code.charAt(index - 1))) return index;
  }
  return undefined;
}

/** Whether the object has a spread, or a property with a quoted or computed name: each may be its `imports`. */
function mayHaveHiddenProperties(text: string, code: string, start: number): boolean {
  for (const index of ownIndexes(code, start)) {
    if (code.startsWith('...', index)) return true;
    // Strings are blanked out in `code`, and a name stands before a colon.
    if (code.charAt(index) === ':' && /['"\]]\s*$/.test(text.slice(start, index))) return true;
  }
  return false;
}

/** Adds the import after the last one, with the same quotes, semicolon and line break. */
function withImportLine(text: string, className: string, specifier: string): string | undefined {
  const statements = /^\ufeff?import\b[^;'"]*?(['"])[^'"\n]+['"](;?)[ \t]*(\r?\n)/gm;
  const last = [...withoutComments(text).matchAll(statements)].at(-1);
  if (last === undefined) return undefined;
  const [statement, quote = "'", semicolon = ';', lineBreak = '\n'] = last;
  const at = last.index + statement.length;
  const line = `import { ${className} } from ${quote}${specifier}${quote}${semicolon}${lineBreak}`;
  return `${text.slice(0, at)}${line}${text.slice(at)}`;
}

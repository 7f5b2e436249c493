/*
 * The parts of `@angular-devkit/schematics` that are used here, as types. The engine comes with the Nest CLI, so the
 * package needs no dependency on it.
 */

/**
 * The files of the user's workspace. The engine writes them only after the rule has succeeded, and never in a dry run.
 */
export interface Tree {
  exists(path: string): boolean;
  read(path: string): Uint8Array | null;
  create(path: string, content: string): void;
  overwrite(path: string, content: string): void;
  getDir(path: string): { visit(visitor: (path: string) => void): void };
}

/** What a rule gets besides the files. */
export interface SchematicContext {
  readonly logger: { info(message: string): void; warn(message: string): void };
  /** The engine runs the task after it has written the files, and not in a dry run. */
  addTask(task: { toConfiguration(): { name: string; options: object } }): unknown;
}

/** A change of the files. */
export type Rule = (tree: Tree, context: SchematicContext) => void;

/** The file's text, or `undefined` if there is no such file. */
export function readText(tree: Tree, path: string): string | undefined {
  const content = tree.read(path);
  return content === null ? undefined : Buffer.from(content).toString('utf8');
}

/** The line break that a text uses. */
export function lineBreakOf(text: string): '\n' | '\r\n' {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

/** The file as a JSON object, or `undefined` if there is no such file or it holds anything else. */
export function readJsonObject(tree: Tree, path: string): Record<string, unknown> | undefined {
  const text = readText(tree, path);
  if (text === undefined) return undefined;
  try {
    // Some editors begin a file with a byte order mark.
    return objectOrNothing(JSON.parse(text.replace(/^\ufeff/, '')));
  } catch {
    // The caller reports what the file must hold and what to do.
    return undefined;
  }
}

/** The value if it is an object that is not an array; else `undefined`. */
export function objectOrNothing(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

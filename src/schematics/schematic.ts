/*
 * What of `@angular-devkit/schematics` is used here, described by its shape: the engine comes with the Nest CLI, so the
 * package needs no dependency for it.
 */

/** The files of the user's workspace. Nothing is written before the rule has ended well, and never in a dry run. */
export interface Tree {
  exists(path: string): boolean;
  read(path: string): Uint8Array | null;
  create(path: string, content: string): void;
  overwrite(path: string, content: string): void;
  getDir(path: string): { visit(visitor: (path: string) => void): void };
}

/** What a rule gets beside the files. */
export interface SchematicContext {
  readonly logger: { info(message: string): void; warn(message: string): void };
  /** The task runs after the files are written, and not in a dry run. */
  addTask(task: { toConfiguration(): { name: string; options: object } }): unknown;
}

/** A change of the files. */
export type Rule = (tree: Tree, context: SchematicContext) => void;

/** The file's text, or `undefined` if there is no such file. */
export function readText(tree: Tree, path: string): string | undefined {
  const content = tree.read(path);
  return content === null ? undefined : Buffer.from(content).toString('utf8');
}

/** The file as a JSON object, or `undefined` if there is no such file or it holds anything else. */
export function readJsonObject(tree: Tree, path: string): Record<string, unknown> | undefined {
  const text = readText(tree, path);
  if (text === undefined) return undefined;
  try {
    return objectOrNothing(JSON.parse(text));
  } catch {
    // The caller says what it needs of the file, and what to do.
    return undefined;
  }
}

/** The value, if it is an object with named members. */
export function objectOrNothing(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

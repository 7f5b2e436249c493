import { randomBytes } from 'node:crypto';
import { environmentVariables, type EnvironmentVariable } from './generated-files.js';
import { lineBreakOf, readText, type SchematicContext, type Tree } from './schematic.js';

const USER_JWT_SECRET_BYTES = 32;

/**
 * Adds the variables that the module's file reads to `.env.example`, and creates `.env` if there is none. Says which
 * variables are missing in an existing `.env`, which stays as it is.
 */
export function addEnvironment(tree: Tree, context: SchematicContext, moduleText: string): void {
  addExample(tree, environmentVariables(moduleText, ''));
  const environment = readText(tree, '/.env');
  if (environment === undefined) {
    const secret = randomBytes(USER_JWT_SECRET_BYTES).toString('base64url');
    tree.create('/.env', textOf(environmentVariables(moduleText, secret)));
    context.logger.info(
      '.env now has what the application needs to start on this machine. Keep it out of git.',
    );
    return;
  }
  const missing = environmentVariables(moduleText, '').filter(({ name }) => !sets(environment, name));
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join(' and ');
  context.logger.warn(
    `Set ${names} in .env or in the environment, as .env.example shows: without ${missing.length === 1 ? 'it' : 'them'} ` +
      'the application does not start.',
  );
}

function addExample(tree: Tree, variables: readonly EnvironmentVariable[]): void {
  const example = readText(tree, '/.env.example');
  if (example === undefined) {
    tree.create('/.env.example', textOf(variables));
    return;
  }
  const missing = variables.filter(({ name }) => !mentions(example, name));
  if (missing.length === 0) return;
  const added = `\n\n${textOf(missing)}`.replaceAll('\n', lineBreakOf(example));
  tree.overwrite('/.env.example', `${example.trimEnd()}${added}`.trimStart());
}

function textOf(variables: readonly EnvironmentVariable[]): string {
  return variables.map(({ lines }) => lines).join('');
}

/** Whether a line sets the variable to a value, or the variable with the path of its file. */
function sets(text: string, name: string): boolean {
  return new RegExp(`^\\s*(?:export\\s+)?${name}(?:_FILE)?\\s*=[ \\t]*\\S`, 'm').test(text);
}

/** Does the same for a line that may be a comment. */
function mentions(text: string, name: string): boolean {
  return new RegExp(`^[#\\s]*(?:export\\s+)?${name}(?:_FILE)?\\s*=`, 'm').test(text);
}

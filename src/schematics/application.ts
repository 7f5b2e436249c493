import { posix } from 'node:path';
import { majorOf, type NestMajor } from './peers.js';
import { objectOrNothing, readJsonObject, readText, type Tree } from './schematic.js';
import { withoutComments, withoutCommentsAndStrings } from './source-text.js';

/** What the Nest CLI, or the command line, hands to the schematic. */
export interface NestAddOptions {
  /** The application's source folder. Default: the one that nest-cli.json names for the project, or in general. */
  readonly sourceRoot?: string;
  /** A project of nest-cli.json, in a monorepo. */
  readonly project?: string;
  /**
   * Whether to leave the packages uninstalled. The Nest CLI passes every option of its command line to the schematic.
   */
  readonly skipInstall?: boolean | string;
}

/** What the files of the user's application say about it. */
export interface Application {
  readonly nestMajor: NestMajor;
  readonly manifest: Readonly<Record<string, unknown>>;
  /** For example `src` or `apps/api/src`. */
  readonly sourceRoot: string;
  /** The module that the application starts with; `undefined` if it was not found by the entry file. */
  readonly rootModule: { readonly className: string; readonly path: string } | undefined;
  /** `.js` if the application's relative imports end with it. */
  readonly importExtension: '' | '.js';
  /** Whether the application has a passport strategy `'jwt'`, which then guards the endpoint. */
  readonly hasJwtStrategy: boolean;
  readonly hasConfigModule: boolean;
  readonly hasNudgeAuthModule: boolean;
  /** The HTTP platform of the application; `undefined` if it has none. */
  readonly httpAdapter: 'express' | 'fastify' | undefined;
  /** What runs the application's e2e tests; `undefined` if it is not set up as the Nest CLI does it. */
  readonly e2eRunner: 'jest' | 'vitest' | undefined;
}

/**
 * Looks at the application that will use the package.
 *
 * @throws {Error} when there is no application on a supported major version of Nest. The message says what to do.
 */
export function findApplication(tree: Tree, options: NestAddOptions): Application {
  const manifest = readJsonObject(tree, '/package.json');
  if (manifest === undefined) {
    throw new Error(
      'There is no package.json here, or it is not JSON: run this in the folder of your Nest application.',
    );
  }
  const nestMajor = findNestMajor(tree, manifest);
  if (!tree.exists('/tsconfig.json')) {
    throw new Error(
      'There is no tsconfig.json here, and nest add writes only TypeScript: follow the README by hand.',
    );
  }
  const sourceRoot = findSourceRoot(tree, options);
  const sources = sourceFolders(tree, sourceRoot)
    .flatMap((folder) => textsBelow(tree, folder))
    .map(withoutComments);
  const dependencies = dependenciesOf(manifest);
  return {
    nestMajor,
    manifest,
    sourceRoot,
    rootModule: findRootModule(tree, sourceRoot),
    importExtension: importsNameJs(tree, sourceRoot, manifest) ? '.js' : '',
    hasJwtStrategy: sources.some(declaresJwtStrategy),
    hasConfigModule: sources.some((text) => /\bConfigModule\s*\.\s*forRoot\s*\(/.test(text)),
    hasNudgeAuthModule: sources.some(registersNudgeAuthModule),
    httpAdapter: (['express', 'fastify'] as const).find((name) => `@nestjs/platform-${name}` in dependencies),
    e2eRunner: findE2eRunner(tree, sourceRoot),
  };
}

function dependenciesOf(manifest: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { ...objectOrNothing(manifest['devDependencies']), ...objectOrNothing(manifest['dependencies']) };
}

function findNestMajor(tree: Tree, manifest: Readonly<Record<string, unknown>>): NestMajor {
  const declared = dependenciesOf(manifest)['@nestjs/core'];
  const installed = readJsonObject(tree, '/node_modules/@nestjs/core/package.json')?.['version'];
  if (declared === undefined && installed === undefined) {
    throw new Error(
      'package.json does not name @nestjs/core: run this in the folder of your Nest application.',
    );
  }
  const major = majorOf(installed) ?? majorOf(declared);
  if (major === 11 || major === 12) return major;
  if (major === undefined) {
    throw new Error(`"${String(declared)}" does not tell the version of @nestjs/core: install it first.`);
  }
  const advice =
    major < 11 ? 'install it by the README, or update Nest first' : 'update nestjs-nudge-auth first';
  throw new Error(`This application is on Nest ${major}, and nest add works with Nest 11 and 12: ${advice}.`);
}

interface Project {
  readonly name: string;
  readonly sourceRoot: string;
  readonly isLibrary: boolean;
  readonly entryFile: unknown;
}

function projectsOf(tree: Tree): Project[] {
  const projects = objectOrNothing(readJsonObject(tree, '/nest-cli.json')?.['projects']) ?? {};
  return Object.entries(projects).flatMap(([name, value]) => {
    const project = objectOrNothing(value);
    const sourceRoot = project?.['sourceRoot'];
    if (typeof sourceRoot !== 'string') return [];
    const isLibrary = project?.['type'] === 'library';
    return [{ name, sourceRoot: folderOf(sourceRoot), isLibrary, entryFile: project?.['entryFile'] }];
  });
}

/** A folder in one form: `apps/shop/src` for `./apps/shop/src/`. */
function folderOf(path: string): string {
  return posix.normalize(path).replace(/\/$/, '');
}

function findSourceRoot(tree: Tree, { sourceRoot, project }: NestAddOptions): string {
  const projects = projectsOf(tree);
  const applications = projects.filter(({ isLibrary }) => !isLibrary).map(({ name }) => name);
  const named = projects.find(({ name }) => name === project);
  if (project !== undefined && (named === undefined || named.isLibrary)) {
    const choice = applications.length === 0 ? 'there is none' : `use one of ${applications.join(', ')}`;
    throw new Error(`"${project}" is not an application in nest-cli.json: ${choice}.`);
  }
  const general = readJsonObject(tree, '/nest-cli.json')?.['sourceRoot'];
  const found = named?.sourceRoot ?? sourceRoot ?? (typeof general === 'string' ? general : 'src');
  const folder = folderOf(found);
  const library = projects.find((candidate) => candidate.isLibrary && candidate.sourceRoot === folder);
  if (library === undefined) return folder;
  throw new Error(`"${library.name}" is a library: name an application with --project.`);
}

/** The application's folder and those of the libraries: its strategy may stand in any of them. */
function sourceFolders(tree: Tree, sourceRoot: string): string[] {
  return [
    sourceRoot,
    ...projectsOf(tree)
      .filter(({ isLibrary }) => isLibrary)
      .map((library) => library.sourceRoot),
  ];
}

function textsBelow(tree: Tree, folder: string): string[] {
  const texts: string[] = [];
  tree.getDir(`/${folder}`).visit((path) => {
    if (/\.[cm]?[jt]s$/.test(path) && !/\.(spec|test|d)\.[cm]?[jt]s$/.test(path)) {
      texts.push(readText(tree, path) ?? '');
    }
  });
  return texts;
}

/** The file may import the class under another name. */
function registersNudgeAuthModule(text: string): boolean {
  const others = [...text.matchAll(/\bNudgeAuthModule\s+as\s+(\w+)/g)].map(([, name]) => name);
  const names = ['NudgeAuthModule', ...others].join('|');
  return new RegExp(`\\b(?:${names})\\s*\\.\\s*forRoot`).test(text);
}

/** The strategy of passport-jwt is called `jwt` unless its class gives another name. */
function declaresJwtStrategy(text: string): boolean {
  if (!/\bPassportStrategy\s*\(/.test(withoutCommentsAndStrings(text))) return false;
  return (
    /\bPassportStrategy\s*\([^'"`()]*,\s*(['"`])jwt\1/.test(text) ||
    (/['"]passport-jwt['"]/.test(text) && /\bPassportStrategy\s*\(\s*[\w$.]+\s*,?\s*\)/.test(text))
  );
}

function entryFile(tree: Tree, sourceRoot: string): string {
  const entry =
    projectsOf(tree).find((project) => project.sourceRoot === sourceRoot)?.entryFile ??
    readJsonObject(tree, '/nest-cli.json')?.['entryFile'];
  return `/${sourceRoot}/${typeof entry === 'string' ? entry : 'main'}.ts`;
}

function findRootModule(tree: Tree, sourceRoot: string): Application['rootModule'] {
  const entry = entryFile(tree, sourceRoot);
  const text = readText(tree, entry) ?? '';
  const className = /\bNestFactory\s*\.\s*create\w*\s*(?:<[^(]*>)?\(\s*(\w+)/.exec(text)?.[1] ?? 'AppModule';
  const imported = new RegExp(`import\\s*{[^}]*\\b${className}\\b[^}]*}\\s*from\\s*['"](\\.[^'"]+)['"]`).exec(
    text,
  );
  const specifier = imported?.[1] ?? './app.module';
  const path = posix.join(posix.dirname(entry), `${specifier.replace(/\.js$/, '')}.ts`);
  const isThere = new RegExp(`\\bexport class ${className}\\b`).test(readText(tree, path) ?? '');
  return isThere ? { className, path } : undefined;
}

function importsNameJs(tree: Tree, sourceRoot: string, manifest: Readonly<Record<string, unknown>>): boolean {
  const imported = /from\s*['"]\.[^'"]*?(\.js)?['"]/.exec(readText(tree, entryFile(tree, sourceRoot)) ?? '');
  return imported === null ? manifest['type'] === 'module' : imported[1] !== undefined;
}

function findE2eRunner(tree: Tree, sourceRoot: string): Application['e2eRunner'] {
  if (tree.exists(`/${posix.dirname(sourceRoot)}/test/jest-e2e.json`)) return 'jest';
  return tree.exists('/vitest.config.e2e.ts') ? 'vitest' : undefined;
}

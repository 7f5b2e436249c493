import { posix } from 'node:path';
import { findApplication, type Application, type NestAddOptions } from './application.js';
import { addEnvironment } from './environment-files.js';
import { e2eTestFile, MODULE_CLASS, moduleFile } from './generated-files.js';
import { withPeers } from './peers.js';
import { lineBreakOf, readText, type Rule, type SchematicContext, type Tree } from './schematic.js';
import { withModuleImported, withoutComments, withoutCommentsAndStrings } from './source-text.js';

/**
 * `nest add nestjs-nudge-auth`: adds the peers for the application's major version of Nest, a module that registers the
 * endpoint, its environment variables and a first e2e test. It keeps what is there already. Where it cannot edit a file
 * safely, it prints the lines to paste.
 *
 * @throws {Error} when there is no application, or when its major version of Nest is not supported. The rule throws, and
 * changes no file.
 */
export function nestAdd(options: NestAddOptions): Rule {
  return (tree, context) => {
    const application = findApplication(tree, options);
    addPeers(tree, context, application, String(options.skipInstall) === 'true');
    const modulePath = `/${application.sourceRoot}/nudge/nudge.module.ts`;
    if (application.hasNudgeAuthModule && !tree.exists(modulePath)) {
      context.logger.info(
        'The application registers NudgeAuthModule already: nest add leaves its sources as they are.',
      );
      return;
    }
    const isNew = createIfMissing(tree, modulePath, moduleFile(application));
    importModule(tree, context, application, modulePath);
    addEnvironment(tree, context, readText(tree, modulePath) ?? '');
    addE2eTest(tree, context, application);
    if (isNew && !application.hasJwtStrategy) {
      context.logger.info(
        "GET /nudge/token accepts JWTs that are signed with USER_JWT_SECRET (no passport strategy 'jwt' was found). " +
          `If your users sign in another way, see ${posix.basename(modulePath)} and docs/guards.md of nestjs-nudge-auth.`,
      );
    }
  };
}

function addPeers(
  tree: Tree,
  context: SchematicContext,
  { manifest, nestMajor }: Application,
  skipInstall: boolean,
): void {
  const peers = withPeers(manifest, nestMajor);
  if (peers.changes.length === 0) return;
  const text = readText(tree, '/package.json') ?? '';
  const indent = /^\{\r?\n([ \t]+)/.exec(text)?.[1] ?? '  ';
  const changed = `${JSON.stringify(peers.manifest, null, indent)}\n`;
  tree.overwrite('/package.json', changed.replaceAll('\n', lineBreakOf(text)));
  for (const { name, range, replaced } of peers.changes) {
    if (replaced === undefined) continue;
    context.logger.warn(
      `${name} ${replaced} does not work with Nest ${nestMajor}: package.json now has ${range}.`,
    );
  }
  if (skipInstall) {
    context.logger.warn('package.json names new packages: install them, for example with npm install.');
  } else {
    context.addTask({
      toConfiguration: () => ({ name: 'node-package', options: { command: 'install' } }),
    });
  }
}

/** Creates the file unless it exists. Returns whether it was created. */
function createIfMissing(tree: Tree, path: string, content: string): boolean {
  if (tree.exists(path)) return false;
  tree.create(path, content);
  return true;
}

/** The specifier by which one file of the application imports another. */
function specifierOf(from: string, to: string, { importExtension }: Application): string {
  const path = posix.relative(posix.dirname(from), to).replace(/\.ts$/, importExtension);
  return path.startsWith('.') ? path : `./${path}`;
}

function importModule(
  tree: Tree,
  context: SchematicContext,
  application: Application,
  modulePath: string,
): void {
  const { rootModule } = application;
  const text = rootModule === undefined ? undefined : readText(tree, rootModule.path);
  if (text !== undefined && importsNudgeModule(text)) return;
  const hasTheName =
    text !== undefined && new RegExp(`\\b${MODULE_CLASS}\\b`).test(withoutCommentsAndStrings(text));
  const from = rootModule?.path ?? `/${application.sourceRoot}/app.module.ts`;
  const specifier = specifierOf(from, modulePath, application);
  const edited =
    text === undefined || hasTheName
      ? undefined
      : withModuleImported(text, { className: MODULE_CLASS, specifier });
  if (edited !== undefined) {
    tree.overwrite(from, edited);
    return;
  }
  const reason = hasTheName
    ? `${from.slice(1)} uses the name ${MODULE_CLASS} already`
    : rootModule === undefined
      ? 'The root module was not found'
      : `${from.slice(1)} is not simple enough to edit`;
  // Two classes cannot have one name in a file.
  const [imported, listed] = hasTheName
    ? [`${MODULE_CLASS} as NudgeTokenModule`, 'NudgeTokenModule']
    : [MODULE_CLASS, MODULE_CLASS];
  context.logger.warn(
    `${reason}. Paste this into ${rootModule === undefined ? 'your root module' : 'that file'}:\n\n` +
      `  import { ${imported} } from '${specifier}';\n\n` +
      `  @Module({ imports: [${listed}, …] })\n`,
  );
}

/** Whether a file imports the module that `nest add` creates, by its path, an alias of that path, or its folder. */
function importsNudgeModule(text: string): boolean {
  const imports = new RegExp(`import\\s*{[^}]*\\b${MODULE_CLASS}\\b[^}]*}\\s*from\\s*['"]([^'"]+)['"]`);
  const specifier = imports.exec(withoutComments(text))?.[1] ?? '';
  return /(?:^|\/)nudge(?:\/index|\/nudge\.module)?(?:\.[jt]s)?$/.test(specifier);
}

function addE2eTest(tree: Tree, context: SchematicContext, application: Application): void {
  const { sourceRoot, rootModule, e2eRunner, httpAdapter } = application;
  if (rootModule === undefined || e2eRunner === undefined || httpAdapter === undefined) {
    context.logger.info(
      'No e2e test was added: it needs the test set-up of the Nest CLI for jest or vitest.',
    );
    return;
  }
  const path = posix.join('/', sourceRoot, '../test/nudge.e2e-spec.ts');
  const specifier = specifierOf(path, rootModule.path, application);
  createIfMissing(tree, path, e2eTestFile(application, { className: rootModule.className, specifier }));
}

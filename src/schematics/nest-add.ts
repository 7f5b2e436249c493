import { randomBytes } from 'node:crypto';
import { posix } from 'node:path';
import { findApplication, type Application, type NestAddOptions } from './application.js';
import { e2eTestFile, environmentLines, MODULE_CLASS, moduleFile } from './generated-files.js';
import { withPeers } from './peers.js';
import { readText, type Rule, type SchematicContext, type Tree } from './schematic.js';
import { withModuleImported } from './source-text.js';

const USER_JWT_SECRET_BYTES = 32;

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
    addEnvironment(tree, context, application);
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
  tree.overwrite('/package.json', `${JSON.stringify(peers.manifest, null, indent)}\n`);
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
  if (text !== undefined && new RegExp(`\\b${MODULE_CLASS}\\b`).test(text)) return;
  const from = rootModule?.path ?? `/${application.sourceRoot}/app.module.ts`;
  const specifier = specifierOf(from, modulePath, application);
  const edited =
    text === undefined ? undefined : withModuleImported(text, { className: MODULE_CLASS, specifier });
  if (edited !== undefined) {
    tree.overwrite(from, edited);
    return;
  }
  context.logger.warn(
    `${rootModule === undefined ? 'The root module was not found' : `${from.slice(1)} is not simple enough to edit`}. ` +
      `Paste this into ${rootModule === undefined ? 'your root module' : 'that file'}:\n\n` +
      `  import { ${MODULE_CLASS} } from '${specifier}';\n\n` +
      `  @Module({ imports: [${MODULE_CLASS}, …] })\n`,
  );
}

function addEnvironment(tree: Tree, context: SchematicContext, application: Application): void {
  const example = readText(tree, '/.env.example');
  const exampleLines = environmentLines(application, '');
  if (example === undefined) tree.create('/.env.example', exampleLines);
  else if (!/^#?\s*NUDGE_API_KEY/m.test(example)) {
    tree.overwrite('/.env.example', `${example.trimEnd()}\n\n${exampleLines}`.trimStart());
  }
  const environment = readText(tree, '/.env');
  if (environment === undefined) {
    const secret = randomBytes(USER_JWT_SECRET_BYTES).toString('base64url');
    tree.create('/.env', environmentLines(application, secret));
    context.logger.info(
      '.env now has what the application needs to start on this machine. Keep it out of git.',
    );
  } else if (!/^NUDGE_API_KEY/m.test(environment)) {
    context.logger.warn(
      'Set the variables of .env.example in .env or in the environment: the application does not start without them.',
    );
  }
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

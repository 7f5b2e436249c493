/*
 * Prints what a user of the package can see: one file per entry point, every exported name with its declaration.
 * `check` fails where that differs from the files beside this one, `update` writes them anew. A changed line in one of
 * them is a change of the public API: it belongs in the review and in the choice of the next version.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = fileURLToPath(new URL('..', import.meta.url));

function fail(diagnostic) {
  throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'));
}

/** The declarations as the build would write them, by path; nothing is written to disk. */
function emitDeclarations() {
  const configPath = join(ROOT, 'tsconfig.build.json');
  const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: fail };
  const config = ts.getParsedCommandLineOfConfigFile(
    configPath,
    { emitDeclarationOnly: true, outDir: join(ROOT, 'dist') },
    host,
  );
  const program = ts.createProgram(config.fileNames, config.options);
  const declarations = new Map();
  const { diagnostics } = program.emit(undefined, (path, text) => declarations.set(path, text));
  if (diagnostics.length > 0) fail(diagnostics[0]);
  return { declarations, options: config.options };
}

/** A program over the declarations alone, as a user's compiler sees them. */
function programOf({ declarations, options }) {
  const disk = ts.createCompilerHost(options);
  // A build of yesterday must not be seen.
  const isBuilt = (path) => path.startsWith(options.outDir);
  const readFile = (path) => (isBuilt(path) ? declarations.get(path) : disk.readFile(path));
  const host = {
    ...disk,
    directoryExists: (path) => isBuilt(path) || disk.directoryExists(path),
    fileExists: (path) => (isBuilt(path) ? declarations.has(path) : disk.fileExists(path)),
    readFile,
    getSourceFile: (path, languageVersion) => {
      const text = readFile(path);
      return text === undefined ? undefined : ts.createSourceFile(path, text, languageVersion, true);
    },
  };
  return ts.createProgram([...declarations.keys()], { ...options, noEmit: true }, host);
}

const printer = ts.createPrinter({ removeComments: true, newLine: ts.NewLineKind.LineFeed });

const hasTag = (node, tag) => ts.getJSDocTags(node).some(({ tagName }) => tagName.text === tag);

/** What is private, and what its docstring says is made or called by Nest alone. */
const isHidden = (node) =>
  ts.isClassElement(node) &&
  (ts.isPrivateIdentifier(node.name ?? node) ||
    (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Private) !== 0 ||
    hasTag(node, 'internal'));

/** A declaration without comments and without what is hidden in it. */
function print(declaration) {
  const { transformed } = ts.transform(declaration, [
    (context) => (root) => {
      const visit = (child) => (isHidden(child) ? undefined : ts.visitEachChild(child, visit, context));
      return ts.visitNode(root, visit);
    },
  ]);
  const text = printer.printNode(ts.EmitHint.Unspecified, transformed[0], declaration.getSourceFile());
  return ts.isVariableDeclaration(declaration) ? `export declare const ${text};` : text;
}

const printSymbol = ({ declarations }) => `${declarations.map(print).join('\n')}\n`;
const byName = (a, b) => (a.name < b.name ? -1 : 1);

/** The package's entry points, each with what it exports. */
function entriesOf(program, manifest) {
  const checker = program.getTypeChecker();
  return Object.entries(manifest.exports)
    .filter(([, target]) => target.import !== undefined)
    .map(
      ([
        subpath,
        {
          import: { types },
        },
      ]) => {
        const source = program.getSourceFile(join(ROOT, types));
        const module = source && checker.getSymbolAtLocation(source);
        if (module === undefined) throw new Error(`package.json: ${types} is not built, or exports nothing`);
        const exported = checker
          .getExportsOfModule(module)
          .map((symbol) => ({ name: symbol.name, symbol: dealias(checker, symbol) }))
          .toSorted(byName);
        return { subpath, specifier: manifest.name + subpath.slice(1), exported };
      },
    );
}

const dealias = (checker, symbol) =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;

/** What an entry's declarations mention of the package without exporting it; `others` are the entries beside it. */
function mentionedBy(entry, others, program) {
  const checker = program.getTypeChecker();
  const { outDir } = program.getCompilerOptions();
  const own = new Set(entry.exported.map(({ symbol }) => symbol));
  const elsewhere = new Map(
    others.flatMap(({ specifier, exported }) => exported.map(({ symbol }) => [symbol, specifier])),
  );
  const found = { fromOthers: new Map(), unexported: new Set() };
  const isOfPackage = ({ declarations = [] }) =>
    declarations.length > 0 &&
    declarations.every(
      (each) =>
        (ts.isDeclarationStatement(each) || ts.isVariableDeclaration(each)) &&
        each.getSourceFile().fileName.startsWith(outDir),
    );
  const note = (symbol) => {
    if (own.has(symbol) || found.unexported.has(symbol)) return;
    if (elsewhere.has(symbol)) {
      found.fromOthers.set(symbol, elsewhere.get(symbol));
    } else {
      found.unexported.add(symbol);
      for (const each of symbol.declarations) follow(each);
    }
  };
  const follow = (node) => {
    if (isHidden(node)) return;
    const named = ts.isIdentifier(node) ? checker.getSymbolAtLocation(node) : undefined;
    const symbol = named && dealias(checker, named);
    if (symbol && isOfPackage(symbol)) note(symbol);
    ts.forEachChild(node, follow);
  };
  for (const symbol of own) for (const each of symbol.declarations) follow(each);
  return found;
}

/** A type that has `export` in its own file: users could name it, if the entry exported it. A type without it is a part of others. */
const isExportable = ({ declarations }) =>
  declarations.every(
    (each) =>
      (ts.isInterfaceDeclaration(each) || ts.isTypeAliasDeclaration(each)) &&
      (ts.getCombinedModifierFlags(each) & ts.ModifierFlags.Export) !== 0,
  );

/** Users cannot write the type of a value whose type no entry exports. */
function assertNoneForgotten({ specifier }, unexported) {
  const names = [...unexported].filter(isExportable).map(({ name }) => name);
  if (names.length === 0) return;
  throw new Error(`${specifier} mentions types that no entry exports: ${names.join(', ')}. Export them`);
}

function describe(entry, entries, program) {
  const checker = program.getTypeChecker();
  const others = entries.filter((each) => each !== entry);
  const { fromOthers, unexported } = mentionedBy(entry, others, program);
  assertNoneForgotten(entry, unexported);
  const parts = entry.exported.map(({ name, symbol }) => {
    const isDocumented = symbol.getDocumentationComment(checker).length > 0;
    const isMarked = symbol.getJsDocTags(checker).some((tag) => tag.name === 'publicApi');
    return [
      isDocumented ? '' : `// ${name} has no docstring\n`,
      isMarked ? '' : `// ${name} is not marked @publicApi\n`,
      printSymbol(symbol),
    ].join('');
  });
  if (unexported.size > 0) {
    parts.push(
      '// Mentioned above, but not exported.\n',
      ...[...unexported].toSorted(byName).map(printSymbol),
    );
  }
  const list = (title, lines) => {
    if (lines.length > 0) parts.push(`// ${title}\n${lines.map((line) => `//   ${line}\n`).join('')}`);
  };
  list(
    'Mentioned, and exported by another entry point:',
    [...fromOthers].map(([{ name }, specifier]) => `${name} (${specifier})`).toSorted(),
  );
  return `# \`${entry.specifier}\`\n\n\`\`\`ts\n${parts.join('\n')}\`\`\`\n`;
}

/** File name → text. */
function snapshots() {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const program = programOf(emitDeclarations());
  const entries = entriesOf(program, manifest);
  return new Map(
    entries.map((entry) => {
      const file = entry.subpath === '.' ? 'index' : entry.subpath.slice(2).replaceAll('/', '-');
      return [`${file}.api.md`, describe(entry, entries, program)];
    }),
  );
}

const kept = () => readdirSync(HERE).filter((name) => name.endsWith('.api.md'));

/** Both sets of files side by side, as git shows differences; empty when there is none. */
function difference(fresh) {
  const folder = mkdtempSync(join(tmpdir(), 'nudge-auth-api-'));
  try {
    return [...new Set([...fresh.keys(), ...kept()])]
      .map((name) => {
        writeFileSync(join(folder, name), fresh.get(name) ?? '');
        const before = kept().includes(name) ? join(HERE, name) : '/dev/null';
        const { stdout, error } = spawnSync(
          'git',
          ['diff', '--no-index', '--no-color', before, join(folder, name)],
          { encoding: 'utf8' },
        );
        if (error) throw error;
        return stdout === '' ? '' : `api/${name}\n${stdout.slice(stdout.indexOf('@@'))}\n`;
      })
      .join('');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [command] = process.argv.slice(2);
if (command === 'update') {
  const fresh = snapshots();
  for (const name of kept()) rmSync(join(HERE, name));
  for (const [name, text] of fresh) writeFileSync(join(HERE, name), text);
} else if (command === 'check') {
  const changes = difference(snapshots());
  if (changes !== '') {
    process.stderr.write(
      `${changes}The public API differs from api/. If that is meant: npm run api:update\n`,
    );
    process.exitCode = 1;
  }
} else {
  process.stderr.write('usage: node api/snapshot.mjs check|update\n');
  process.exitCode = 2;
}

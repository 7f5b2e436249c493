/*
 * Packs the client as a separate package, `nudge-refresh-token`, from the same source, so that a frontend need not
 * install the backend package. It builds into `dist-client/` and leaves the tarball there.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCES = join(ROOT, 'src/client');
const TARGET = join(ROOT, 'dist-client');

const FORMATS = [
  { folder: 'esm', module: ts.ModuleKind.ES2022, type: 'module' },
  { folder: 'cjs', module: ts.ModuleKind.CommonJS, type: 'commonjs' },
];

function compile({ folder, module, type }) {
  const program = ts.createProgram([join(SOURCES, 'index.ts')], {
    module,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    target: ts.ScriptTarget.ES2022,
    // The client may use neither DOM nor Node types, because it runs in browsers, on phones and in workers.
    lib: ['lib.es2022.d.ts'],
    types: [],
    strict: true,
    declaration: true,
    rootDir: SOURCES,
    outDir: join(TARGET, folder),
  });
  const { diagnostics } = program.emit();
  const faults = [...ts.getPreEmitDiagnostics(program), ...diagnostics];
  if (faults.length > 0) {
    throw new Error(
      ts.formatDiagnostics(faults, {
        getCanonicalFileName: (name) => name,
        getCurrentDirectory: () => ROOT,
        getNewLine: () => '\n',
      }),
    );
  }
  writeFileSync(join(TARGET, folder, 'package.json'), `${JSON.stringify({ type })}\n`);
}

const entry = (folder) => ({ types: `./${folder}/index.d.ts`, default: `./${folder}/index.js` });

function manifest() {
  const { version, license, engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  return {
    name: 'nudge-refresh-token',
    version,
    description:
      'The refreshToken function for Nudge SDKs: fetches short-lived tokens from your own backend. For browsers, React Native and workers.',
    keywords: ['nudge', 'nudgenow', 'refresh token', 'short-lived token', 'react-native'],
    license,
    engines,
    sideEffects: false,
    type: 'commonjs',
    // For resolvers that ignore `exports`, such as older versions of Metro and TypeScript's node10.
    main: './cjs/index.js',
    module: './esm/index.js',
    types: './cjs/index.d.ts',
    exports: {
      '.': { import: entry('esm'), require: entry('cjs') },
      './package.json': './package.json',
    },
    files: ['cjs', 'esm'],
  };
}

rmSync(TARGET, { recursive: true, force: true });
mkdirSync(TARGET);
FORMATS.forEach(compile);
writeFileSync(join(TARGET, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`);
copyFileSync(join(ROOT, 'LICENSE'), join(TARGET, 'LICENSE'));
copyFileSync(join(ROOT, 'scripts/client-package.README.md'), join(TARGET, 'README.md'));
const { status } = spawnSync('npm', ['pack', '--silent', '--pack-destination', '.'], {
  cwd: TARGET,
  stdio: 'ignore',
});
if (status !== 0) throw new Error(`npm pack ended with ${status}; run it in ${TARGET} to see why`);
// The path is the last line of the output, so that other programs can read it.
const tarball = readdirSync(TARGET).find((name) => name.endsWith('.tgz'));
process.stdout.write(`${join(TARGET, tarball)}\n`);

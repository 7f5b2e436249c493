/*
 * Joins the compiler's files into a few files for each entry point: Node takes about as long to find and open a file as to
 * run it, so an application that imports few files starts sooner.
 */
import { readFileSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import { rollup } from 'rollup';

/** Gives rollup the source maps of the compiler, so that the maps of the bundles lead to the sources in TypeScript. */
const compilerMaps = {
  name: 'compiler-maps',
  load(file) {
    return { code: readFileSync(file, 'utf8'), map: readFileSync(`${file}.map`, 'utf8') };
  },
};

/** The folder of the files if they share one, so that a host can find and remove what it does not want in production. */
function folderOf(files, from) {
  const folders = new Set(files.map((file) => relative(from, file).split(sep)[0]));
  return folders.size === 1 ? [...folders][0] : 'chunks';
}

/**
 * @param entries the files to bundle, without their ending, below `from`
 * @param format `es` or `cjs`
 */
export async function bundle({ from, to, entries, format }) {
  const bundled = await rollup({
    input: Object.fromEntries(entries.map((entry) => [entry, join(from, `${entry}.js`)])),
    external: (name) => !name.startsWith('.') && !isAbsolute(name),
    plugins: [compilerMaps],
    // Two entry points that share a class must share the file that defines it.
    preserveEntrySignatures: 'exports-only',
    onLog(level, log) {
      // The compiler's helper for decorators looks for an older one in `this`.
      if (log.code === 'THIS_IS_UNDEFINED') return;
      throw new Error(`rollup ${level}: ${log.message}`);
    },
  });
  await bundled.write({
    dir: to,
    format,
    entryFileNames: '[name].js',
    chunkFileNames: ({ moduleIds }) => `${folderOf(moduleIds, from)}/[name].js`,
    exports: 'named',
    // As the compiler does it with `esModuleInterop`.
    interop: 'auto',
    generatedCode: 'es2015',
    minifyInternalExports: false,
    sourcemap: true,
  });
  await bundled.close();
}

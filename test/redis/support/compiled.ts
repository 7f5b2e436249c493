import { transformFile } from '@swc/core';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const SUPPORT = 'test/redis/support';

/** The sources, compiled into a folder so that a plain Node process can run them. */
export class CompiledPod {
  readonly #folder: string;
  readonly #pod: string;

  private constructor(folder: string, pod: string) {
    this.#folder = folder;
    this.#pod = pod;
  }

  /** @param pod the file in the folder `support` that the processes run. */
  static async create(pod: 'pod' | 'tenant-pod' = 'pod'): Promise<CompiledPod> {
    const podPath = join(SUPPORT, `${pod}.ts`);
    const cache = join(ROOT, 'node_modules', '.cache');
    mkdirSync(cache, { recursive: true });
    const folder = mkdtempSync(join(cache, 'nudge-auth-pod-'));
    // All peers are installed, so the imports need no shim that reports a missing one.
    const manifest = { type: 'module', imports: { '#peers/*': '*' } };
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
    const sources = await readdir(join(ROOT, 'src'), { recursive: true });
    const files = sources.filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'));
    const paths = [...files.map((path) => join('src', path)), podPath, join(SUPPORT, `${pod}-protocol.ts`)];
    await Promise.all(
      paths.map(async (path) => {
        const { code } = await transformFile(join(ROOT, path), {
          jsc: {
            target: 'es2022',
            parser: { syntax: 'typescript', decorators: true },
            transform: { legacyDecorator: true, decoratorMetadata: true },
          },
          module: { type: 'es6' },
        });
        const target = join(folder, path.replace(/\.ts$/, '.js'));
        mkdirSync(dirname(target), { recursive: true });
        writeFileSync(target, code);
      }),
    );
    return new CompiledPod(folder, podPath);
  }

  get entryPoint(): string {
    return join(this.#folder, this.#pod.replace(/\.ts$/, '.js'));
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

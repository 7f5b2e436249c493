import { describe, expect, it } from '@jest/globals';
import { minify, transform } from '@swc/core';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const folder = join(import.meta.dirname, '../../src/client');
const sources = new Map(
  readdirSync(folder)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
    .map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
);

const importsOf = (name: string): string[] =>
  [...(sources.get(name) ?? '').matchAll(/^import (?!type).*?from '\.\/(.*?)\.js'/gms)].map(
    ([, path]) => `${path}.ts`,
  );

/** The file and all that it imports. Each file stands after its imports. */
const inOrder = (name: string, order: string[] = []): string[] => {
  for (const imported of importsOf(name)) if (!order.includes(imported)) inOrder(imported, order);
  if (!order.includes(name)) order.push(name);
  return order;
};

/** The whole client as one module without imports. */
const bundle = async (): Promise<string> => {
  const codes = await Promise.all(
    inOrder('create-refresh-token.ts').map(async (name) => {
      const { code } = await transform(sources.get(name) ?? '', {
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'es6' },
      });
      return code.replaceAll(/^import .*$/gm, '').replaceAll(/\bexport (?=const |class )/g, '');
    }),
  );
  return `${codes.join('\n')}\nexport { createRefreshToken };`;
};

describe('the client', () => {
  it.each([...sources])('imports nothing from outside its folder: %s', (_name, source) => {
    const imported = [...source.matchAll(/\bfrom '([^']+)'|\bimport\(|\brequire\(|\bimport '/g)].map(
      ([all, path]) => path ?? all,
    );
    for (const path of imported) expect(sources.has(path.replace(/^\.\/(.*)\.js$/, '$1.ts'))).toBe(true);
  });

  it('uses no browser storage, no lock and no channel to other tabs', () => {
    for (const source of sources.values()) {
      expect(source).not.toMatch(/localStorage|sessionStorage|indexedDB|cookie\b|BroadcastChannel|navigator/);
    }
  });

  it('is at most 2260 bytes, minified and gzipped', async () => {
    const { code } = await minify(await bundle(), {
      module: true,
      compress: { passes: 3, unsafe_arrows: true },
      mangle: true,
    });
    expect(code).toContain('as createRefreshToken');
    expect(gzipSync(code, { level: 9 }).length).toBeLessThanOrEqual(2_260);
  });

  it('runs as one ES module without a bundler', async () => {
    const url = `data:text/javascript,${encodeURIComponent(await bundle())}`;
    const { createRefreshToken } = (await import(url)) as {
      createRefreshToken: (options: object) => () => Promise<string | null>;
    };
    const json = async () => ({ token: 'A', expiresIn: 60 });
    const fetch = async () => ({ ok: true, status: 200, headers: new Headers(), json });
    const clock = { Date, performance, setTimeout: () => 1, clearTimeout: () => {} };
    await expect(createRefreshToken({ endpoint: '/nudge/token', fetch, clock })()).resolves.toBe('A');
  });
});

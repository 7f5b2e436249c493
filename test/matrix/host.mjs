/* Adds the files that a user writes after reading the README to an application that `nest new` has written. */
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HOST = fileURLToPath(new URL('host', import.meta.url));

async function edit(path, change) {
  const before = await readFile(path, 'utf8');
  const after = change(before);
  if (after === before) throw new Error(`${path} does not have the text that the matrix changes`);
  await writeFile(path, after);
}

/** ES modules import files by their names with the extension. */
const withExtensions = (text) => text.replaceAll(/from '(\.[^']+?)(\.js)?'/g, "from '$1.js'");

async function addExtensions(folder) {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.ts')) continue;
    const path = join(entry.parentPath, entry.name);
    await writeFile(path, withExtensions(await readFile(path, 'utf8')));
  }
}

function importNudgeModule(text) {
  return text
    .replace('imports: []', 'imports: [NudgeModule]')
    .replace('\n\n@Module', "\nimport { NudgeModule } from './nudge/nudge.module';\n\n@Module");
}

export async function addNudge(application, { type }) {
  await cp(join(HOST, 'src'), join(application, 'src'), { recursive: true });
  await cp(join(HOST, 'test'), join(application, 'test'), { recursive: true });
  await edit(join(application, 'src/app.module.ts'), importNudgeModule);
  await edit(join(application, 'src/main.ts'), (text) =>
    text.replace(/(NestFactory\.create\(AppModule\);)/, '$1\n  app.enableShutdownHooks();'),
  );
  if (type === 'esm') for (const folder of ['src', 'test']) await addExtensions(join(application, folder));
}

export async function useFastify(application) {
  await edit(join(application, 'src/main.ts'), (text) =>
    text
      .replace('create(AppModule)', 'create(AppModule, new FastifyAdapter())')
      .replace(
        "from '@nestjs/core';",
        "from '@nestjs/core';\nimport { FastifyAdapter } from '@nestjs/platform-fastify';",
      ),
  );
}

export { edit };

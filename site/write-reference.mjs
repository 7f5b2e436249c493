/* Writes the API reference of every public entry into reference/, as pages of the site. A warning fails it. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Application, OptionDefaults } from 'typedoc';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { name, exports } = JSON.parse(await readFile(`${ROOT}package.json`, 'utf8'));

const subpaths = Object.keys(exports).filter((subpath) => subpath !== './package.json');

/** What public types are made of, and their readers do not name. A new one is exported, or added here. */
const PARTS = [
  'ASYNC_OPTIONS_TYPE',
  'EventBody',
  'HostRequestInit',
  'OPTIONS_TYPE',
  'USER_JWT_ALGORITHMS',
  'UserJwtRules',
];

const app = await Application.bootstrapWithPlugins({
  name: 'API reference',
  plugin: ['typedoc-plugin-markdown'],
  entryPoints: subpaths.map((subpath) => `${ROOT}src/${subpath}/index.ts`),
  tsconfig: `${ROOT}tsconfig.build.json`,
  out: fileURLToPath(new URL('reference', import.meta.url)),
  router: 'module',
  entryFileName: 'index',
  readme: 'none',
  excludeInternal: true,
  excludePrivate: true,
  disableSources: true,
  modifierTags: [...OptionDefaults.modifierTags, '@publicApi'],
  excludeTags: [...OptionDefaults.excludeTags, '@publicApi'],
  intentionallyNotExported: PARTS,
  treatWarningsAsErrors: true,
});
const project = await app.convert();
if (project === undefined) process.exit(1);
for (const entry of project.children ?? []) {
  entry.name = entry.name === 'index' ? name : `${name}/${entry.name}`;
}
app.validate(project);
await app.generateOutputs(project);
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exitCode = 1;

import { HostLogger } from './host-logger.js';

interface LoadedCopies {
  /** The path of each copy that the process has loaded. */
  readonly loaded: Set<string>;
  /** The paths of the copies whose module an application imports. */
  readonly imported: Set<string>;
}

/** All copies of this package in a process share this symbol, also copies of other versions. */
const COPIES = Symbol.for('nestjs-nudge-auth.copies');

/** The path of this file. It comes from a stack trace, because neither `import.meta` nor `__filename` is in both builds. */
function ownPath(): string {
  // oxlint-disable-next-line typescript/unbound-method -- only restored below
  const { prepareStackTrace } = Error;
  try {
    Error.prepareStackTrace = (_error, [own]) => own?.getFileName() ?? '';
    return String(new Error('only its call sites are read').stack);
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
}

const OWN_COPY = ownPath()
  .replace(/^file:\/\//, '')
  // The bundle joins this file with others, in an entry point or in a chunk.
  .replace(/[\\/](?:(?:service|chunks)[\\/][\w.-]+|index\.js)$/, '');

function copies(): LoadedCopies {
  const shared = globalThis as { [COPIES]?: LoadedCopies };
  shared[COPIES] ??= { loaded: new Set(), imported: new Set() };
  return shared[COPIES];
}

/** Warns once an application imports the module of one copy: Nest then does not find the classes of the other copies. */
function warnAboutSecondCopy(): void {
  const { loaded, imported } = copies();
  if (imported.size === 0 || loaded.size < 2) return;
  new HostLogger('NudgeAuthModule').warn(
    `nestjs-nudge-auth is loaded ${loaded.size} times: ${[...loaded].join(' and ')}. Nest does not find the ` +
      'NudgeTokenService of one copy where the module of another is imported. Keep one: npm ls nestjs-nudge-auth shows which ' +
      'packages install them. If only one is installed, load it by import alone or by require alone',
  );
}

/** Call it in the file that defines the classes that Nest injects. */
export function noteLoadedCopy(): void {
  const { loaded } = copies();
  if (loaded.has(OWN_COPY)) return;
  loaded.add(OWN_COPY);
  warnAboutSecondCopy();
}

/** Call it when an application imports the module, before Nest resolves any class. */
export function noteImportedModule(): void {
  const { imported } = copies();
  if (imported.has(OWN_COPY)) return;
  imported.add(OWN_COPY);
  warnAboutSecondCopy();
}

import { Logger } from '@nestjs/common';

interface LoadedCopies {
  /** Where each copy that has been loaded lies. */
  readonly loaded: Set<string>;
  /** Those whose module an application imports. */
  readonly imported: Set<string>;
}

/** Shared by all copies of this package in a process, of whatever version. */
const COPIES = Symbol.for('nestjs-nudge-auth.copies');

/** The file that runs: neither `import.meta` nor `__filename` is there in both builds. Source maps do not change it. */
function ownPath(): string {
  const { prepareStackTrace } = Error;
  try {
    Error.prepareStackTrace = (_error, [own]) => own?.getFileName() ?? '';
    return String(new Error('only its call sites count').stack);
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
}

const OWN_COPY = ownPath()
  .replace(/^file:\/\//, '')
  .replace(/[\\/]service[\\/]second-copy\.[jt]s$/, '');

function copies(): LoadedCopies {
  const shared = globalThis as { [COPIES]?: LoadedCopies };
  shared[COPIES] ??= { loaded: new Set(), imported: new Set() };
  return shared[COPIES];
}

/** Two loaded copies do no harm before the module of one of them is imported: then Nest may be asked for the other's classes. */
function warnOfSecond(): void {
  const { loaded, imported } = copies();
  if (imported.size === 0 || loaded.size < 2) return;
  new Logger('NudgeAuthModule').warn(
    `nestjs-nudge-auth is loaded ${loaded.size} times: ${[...loaded].join(' and ')}. Nest does not find the ` +
      'NudgeTokenService of one copy where the module of another is imported. Keep one: npm ls nestjs-nudge-auth tells ' +
      'who brings them; of one installed copy, use either import or require',
  );
}

/** To be called once, where the classes are defined that Nest injects. */
export function noteLoadedCopy(): void {
  const { loaded } = copies();
  if (loaded.has(OWN_COPY)) return;
  loaded.add(OWN_COPY);
  warnOfSecond();
}

/** To be called where an application imports the module: before Nest looks for anything. */
export function noteImportedModule(): void {
  const { imported } = copies();
  if (imported.has(OWN_COPY)) return;
  imported.add(OWN_COPY);
  warnOfSecond();
}

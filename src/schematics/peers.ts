import { objectOrNothing } from './schematic.js';

/** The major versions of Nest that `nest add` works with. */
export type NestMajor = 11 | 12;

type Section = 'dependencies' | 'devDependencies';

interface Peer {
  readonly name: string;
  readonly section: Section;
  /** The range that is added to an application on that major version of Nest. */
  readonly range: Readonly<Record<NestMajor, string>>;
  /** The major versions that may stay. If it is left out, any may stay: npm reports what does not fit. */
  readonly fitting?: Readonly<Record<NestMajor, readonly number[]>>;
}

const onEither = (range: string): Peer['range'] => ({ 11: range, 12: range });

// Version 12 of Nest's packages is ESM only: beside Nest 11 it breaks CommonJS tests. Older versions load everywhere.
const PEERS: readonly Peer[] = [
  ...['@nestjs/axios', '@nestjs/config'].map((name) => ({
    name,
    section: 'dependencies' as const,
    range: { 11: '^4.0.0', 12: '^12.0.0' },
    fitting: { 11: [4], 12: [4, 12] },
  })),
  {
    name: '@nestjs/passport',
    section: 'dependencies',
    range: { 11: '^11.0.0', 12: '^12.0.0' },
    fitting: { 11: [11], 12: [11, 12] },
  },
  { name: 'passport', section: 'dependencies', range: onEither('^0.7.0') },
  { name: 'passport-jwt', section: 'dependencies', range: onEither('^4.0.1') },
  { name: '@types/passport-jwt', section: 'devDependencies', range: onEither('^4.0.1') },
];

/** The first number of a version or range; `undefined` if it has none, as in `latest` or `workspace:*`. */
export function majorOf(version: unknown): number | undefined {
  const digits = typeof version === 'string' ? /^\D*(\d+)/.exec(version)?.[1] : undefined;
  return digits === undefined ? undefined : Number(digits);
}

/** One line of the report: a peer that was added, or that replaced another range. */
interface PeerChange {
  readonly name: string;
  readonly range: string;
  readonly replaced?: string;
}

/** The manifest with the peers for the application's major version of Nest. A peer that fits already stays as it is. */
export function withPeers(
  manifest: Readonly<Record<string, unknown>>,
  nestMajor: NestMajor,
): { manifest: Record<string, unknown>; changes: PeerChange[] } {
  const changed = { ...manifest };
  const changes: PeerChange[] = [];
  for (const { name, section, range, fitting } of PEERS) {
    const present = sectionsOf(changed).find(
      (candidate) => name in (objectOrNothing(changed[candidate]) ?? {}),
    );
    const declared = present === undefined ? undefined : objectOrNothing(changed[present])?.[name];
    const major = majorOf(declared);
    // A range without a number, such as `latest`, stays too.
    if (present !== undefined && (major === undefined || fitting?.[nestMajor].includes(major) !== false))
      continue;
    const target = present ?? section;
    changed[target] = sorted({ ...objectOrNothing(changed[target]), [name]: range[nestMajor] });
    changes.push({
      name,
      range: range[nestMajor],
      ...(typeof declared === 'string' ? { replaced: declared } : {}),
    });
  }
  return { manifest: changed, changes };
}

function sectionsOf(manifest: Readonly<Record<string, unknown>>): string[] {
  return ['dependencies', 'devDependencies', 'optionalDependencies'].filter((section) => section in manifest);
}

/** Sorted by name, as npm does it. */
function sorted(entries: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(entries).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

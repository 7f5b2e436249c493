import { fail, pass, skip, warn, type Check } from '../check.js';
import { readManifest } from '../manifest.js';
import { installedVersion } from '../probes/installed-version.js';
import { isInRange } from '../version-range.js';

/** The release lines of the peers for Nest 11. The peers of line 12 are ES modules only. */
const LINES_FOR_NEST_11: Readonly<Record<string, number>> = {
  '@nestjs/axios': 4,
  '@nestjs/config': 4,
  '@nestjs/passport': 11,
};

interface Peer {
  readonly name: string;
  readonly range: string;
  readonly isOptional: boolean;
  readonly version: string | undefined;
}

/** The argument of `npm install` for the newest line in a range. */
function newestOf({ name, range }: Peer): string {
  return `${name}@${/(\d+)[\d.]*$/.exec(range)?.[1] ?? 'latest'}`;
}

const majorOf = (version: string | undefined): number => Number.parseInt(version ?? '0', 10);

export const peersCheck: Check = {
  name: 'peers',
  group: 'Runtime',
  asks: "the versions of Nest and of this package's other peers",
  needs: [],
  run({ machine: { workingDirectory } }) {
    const { peerDependencies, peerDependenciesMeta } = readManifest();
    const peers = Object.entries(peerDependencies).map(([name, range]): Peer => ({
      name,
      range,
      isOptional: peerDependenciesMeta[name]?.optional === true,
      version: installedVersion(workingDirectory, name),
    }));
    const nest = peers.find(({ name }) => name === '@nestjs/core')?.version;
    if (nest === undefined) {
      return skip('no Nest application in this folder: run the doctor in the folder of your application');
    }
    const missing = peers.filter(({ version, isOptional }) => version === undefined && !isOptional);
    if (missing.length > 0) {
      return fail(
        `not installed: ${missing.map(({ name }) => name).join(', ')}`,
        `Run: npm install ${missing.map((peer) => withNest(peer, majorOf(nest))).join(' ')}`,
      );
    }
    const wrong = peers.filter(({ version, range }) => version !== undefined && !isInRange(version, range));
    if (wrong.length > 0) {
      return fail(
        wrong.map(({ name, version, range }) => `${name} ${version} is not in ${range}`).join('; '),
        `Run: npm install ${wrong.map(newestOf).join(' ')}`,
      );
    }
    const tooNew = peers.filter(
      ({ name, version }) => majorOf(nest) === 11 && majorOf(version) > (LINES_FOR_NEST_11[name] ?? 99),
    );
    if (tooNew.length > 0) {
      return warn(
        `Nest ${nest} with ${tooNew.map(({ name, version }) => `${name} ${version}`).join(', ')}: line 12 is for Nest 12`,
        `Run: npm install ${tooNew.map((peer) => withNest(peer, 11)).join(' ')}`,
      );
    }
    return pass(`Nest ${nest}, and every peer in its range`);
  },
};

function withNest(peer: Peer, nestMajor: number): string {
  const line = nestMajor === 11 ? LINES_FOR_NEST_11[peer.name] : undefined;
  if (line !== undefined) return `${peer.name}@${line}`;
  return ['@nestjs/common', '@nestjs/core'].includes(peer.name)
    ? `${peer.name}@${nestMajor}`
    : newestOf(peer);
}

import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { cpus, release, totalmem } from 'node:os';

const require = createRequire(import.meta.url);

/** What decides about absolute figures. */
const PACKAGES = [
  '@nestjs/core',
  '@nestjs/platform-express',
  '@nestjs/platform-fastify',
  'express',
  'fastify',
  'passport-jwt',
  'autocannon',
  'google-auth-library',
  '@azure/core-rest-pipeline',
  'cache-manager',
  'bentocache',
];

function versionOf(name: string): string | undefined {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      return (require(`${folder}/${name}/package.json`) as { version: string }).version;
    } catch {
      // Installed in another of the folders, or not at all.
    }
  }
  return undefined;
}

/** The first line a program says of itself; `undefined` where it is not installed. */
export function outputOf(program: string, ...parameters: string[]): string | undefined {
  try {
    return execFileSync(program, parameters, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).split(
      '\n',
    )[0];
  } catch (error) {
    // wrk prints its version and fails.
    const said: unknown = Reflect.get(Object(error), 'stdout');
    return typeof said === 'string' && said !== '' ? said.split('\n')[0] : undefined;
  }
}

export function describeMachine(): Record<string, unknown> {
  const processors = cpus();
  return {
    processor: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()} ${process.arch}`,
    node: process.version,
    versions: Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)])),
  };
}

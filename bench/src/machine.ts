import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { cpus, release, totalmem } from 'node:os';

const require = createRequire(import.meta.url);

/** The packages whose versions influence the absolute figures. */
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
      // The package is in another folder or is not installed.
    }
  }
  return undefined;
}

/** The first line that a program prints; `undefined` if it is not installed. */
export function outputOf(program: string, ...parameters: string[]): string | undefined {
  try {
    return execFileSync(program, parameters, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).split(
      '\n',
    )[0];
  } catch (error) {
    // wrk prints its version and ends with an error.
    const output: unknown = Reflect.get(Object(error), 'stdout');
    return typeof output === 'string' && output !== '' ? output.split('\n')[0] : undefined;
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

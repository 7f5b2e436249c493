import { spawnSync } from 'node:child_process';

/** Without it the tests of the fleet do not run, and say so: what only they reach is no one's to cover then. */
const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  // Many tests wait for a socket or another process: on two cores two workers finish in little more than half the time.
  maxWorkers: '100%',
  // A worker keeps the modules of every spec file that it has run. In a large heap the last files take ten times as long.
  workerIdleMemoryLimit: '700MB',
  // So long that no test depends on how fast its machine is.
  testTimeout: 60_000,
  testMatch: ['<rootDir>/src/**/*.spec.ts', '<rootDir>/test/**/*.spec.ts'],
  // Those of the applications that the matrix makes.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/matrix/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    // Without a build the shims that name a missing peer are not there.
    '^#peers/(.*)$': '$1',
    '^nestjs-nudge-auth$': '<rootDir>/src/index.ts',
    '^nestjs-nudge-auth/(.*)$': '<rootDir>/src/$1/index.ts',
  },
  // The provider `v8` maps every loaded file anew for each spec file, which took as long as the tests themselves.
  coverageProvider: 'babel',
  collectCoverageFrom: ['src/**/*.ts', '!src/**/*.spec.ts', ...(hasRedis ? [] : ['!src/redis/**'])],
  coverageDirectory: 'coverage',
  coverageReporters: ['text', 'json-summary'],
  coverageThreshold: { global: { lines: 95 } },
};

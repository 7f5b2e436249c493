import type { LookupFunction } from 'node:net';
import type { Clock } from '../common/clock.js';
import type { Secret } from '../common/secret.js';
import type { Redaction } from './redaction.js';

/** The client of Redis that the store itself uses; it is loaded only where there is a Redis to look at. */
export type RedisClientModule = typeof import('../redis/own-client.js');

/** The machine that the doctor runs on. Tests have one of their own. */
export interface DoctorMachine {
  readonly clock: Clock;
  /** As `process.versions.node`. */
  readonly nodeVersion: string;
  /** Where it was started: in the application's folder, one hopes. */
  readonly workingDirectory: string;
  readonly lookup: LookupFunction;
  /** Certificates to trust in place of Node's own. */
  readonly certificateAuthorities?: string | undefined;
  loadRedisClient(): Promise<RedisClientModule>;
}

/** What the command line and the environment ask for. */
export interface DoctorRequest {
  /** The environment, with what came by standard input. */
  readonly environment: NodeJS.ProcessEnv;
  readonly isOffline: boolean;
  readonly endpointUrl: URL | undefined;
  /** The origin of the pages that call the endpoint. */
  readonly pageOrigin: string | undefined;
  readonly userJwt: Secret | undefined;
}

/** All that a check can look at. */
export interface DoctorContext {
  readonly machine: DoctorMachine;
  readonly request: DoctorRequest;
  /** Takes secrets out of what is said; a probe that learns one adds it. */
  readonly redaction: Redaction;
  /** Work to be done when all checks have ended: connections to close. */
  readonly atEnd: (() => void)[];
}

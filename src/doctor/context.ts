import type { LookupFunction } from 'node:net';
import type { Clock } from '../common/clock.js';
import type { Secret } from '../common/secret.js';
import type { Redaction } from './redaction.js';

/** The client of Redis that the store uses. It is loaded only if the setup has a Redis. */
export type RedisClientModule = typeof import('../redis/own-client.js');

/** The machine that the doctor runs on. Tests replace parts of it. */
export interface DoctorMachine {
  readonly clock: Clock;
  /** The version in the form of `process.versions.node`. */
  readonly nodeVersion: string;
  /** The folder in which the user has started the doctor: it should be the application's folder. */
  readonly workingDirectory: string;
  readonly lookup: LookupFunction;
  /** Certificates to trust in place of Node's own. */
  readonly certificateAuthorities?: string | undefined;
  loadRedisClient(): Promise<RedisClientModule>;
}

/** The input of the doctor, from the command line and the environment. */
export interface DoctorRequest {
  /** The environment, with the key from standard input if there is one. */
  readonly environment: NodeJS.ProcessEnv;
  readonly isOffline: boolean;
  readonly endpointUrl: URL | undefined;
  /** The origin of the pages that call the endpoint. */
  readonly pageOrigin: string | undefined;
  /** The absolute path of the file that names the tenants. */
  readonly tenantsFile: string | undefined;
  readonly userJwt: Secret | undefined;
}

/** The config of one tenant, as `tenants.config` has returned it, and the base URLs that it may name. */
export interface TenantToCheck {
  readonly config: object;
  /** In the form of `comparableBaseUrl`. */
  readonly baseUrls: readonly string[];
}

/** Everything that a check can use. */
export interface DoctorContext {
  readonly machine: DoctorMachine;
  readonly request: DoctorRequest;
  /** The tenant whose account the checks are about, in place of the account of the environment. */
  readonly tenant?: TenantToCheck;
  /** Removes secrets from the output. A probe that reads a secret adds it here. */
  readonly redaction: Redaction;
  /** Work for the end of all checks, such as closing connections. */
  readonly atEnd: (() => void)[];
}

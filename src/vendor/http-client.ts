import { HttpService } from '@nestjs/axios';
import axios, { type AxiosProxyConfig, type AxiosRequestConfig } from 'axios';
import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import { isLoopbackHost } from '../common/loopback.js';

/** The vendor's answer is a few hundred bytes; anything larger is not its answer. Counted after decompression. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** Older releases send `GET https://…` with all its headers in clear to an `HTTPS_PROXY` instead of tunnelling. */
const OLDEST_SAFE_AXIOS = '1.16.1';

/** Versions as numbers that sort as the versions do; a pre-release counts as its release. */
function rank(version: string): number {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return (major * 1_000 + minor) * 1_000 + patch;
}

/**
 * Stops a boot with an axios that would give the API key away.
 *
 * @throws {Error} that names the version found and the one needed.
 */
export function assertSafeAxios(version: string): void {
  if (rank(version) >= rank(OLDEST_SAFE_AXIOS)) return;
  throw new Error(
    `axios ${version} is too old: behind an HTTPS proxy it sends the Nudge API key in clear. ` +
      `Install axios ^${OLDEST_SAFE_AXIOS} (npm install axios@latest).`,
  );
}

export interface HttpClientOptions {
  readonly baseUrl: string;
  readonly proxy?: AxiosProxyConfig | false | undefined;
  readonly httpAgent?: HttpAgent | undefined;
  readonly httpsAgent?: HttpsAgent | undefined;
}

/**
 * An `HttpService` on an axios instance of its own: interceptors and defaults of the host never meet the API key.
 * It follows no redirect, bounds the answer, and resolves whatever the status.
 */
export function createHttpService(options: HttpClientOptions): HttpService {
  // By member, because a release too old to have these names must reach the check, not fail as a module.
  /* oxlint-disable import/no-named-as-default-member */
  assertSafeAxios(axios.VERSION);
  const instance = axios.create();
  /* oxlint-enable import/no-named-as-default-member */
  // `create` starts from the process-wide defaults, which belong to the host: proxies, headers, adapters, transforms.
  for (const name of Object.keys(instance.defaults)) Reflect.deleteProperty(instance.defaults, name);
  Object.assign(instance.defaults, {
    adapter: 'http',
    responseType: 'text',
    maxRedirects: 0,
    maxContentLength: MAX_ANSWER_BYTES,
    validateStatus: () => true,
  } satisfies AxiosRequestConfig);
  const { baseUrl, httpAgent, httpsAgent } = options;
  // A redirected, proxied or intercepted call to this very machine is never meant.
  const proxy = isLoopbackHost(new URL(baseUrl).hostname) ? false : options.proxy;
  // Not among the defaults, which everybody can read: a proxy wants a password, and an agent knows it.
  instance.interceptors.request.use((config) => Object.assign(config, { proxy, httpAgent, httpsAgent }));
  // axios' types differ between `import` and `require`: the CommonJS build meets both.
  return new HttpService(instance as ConstructorParameters<typeof HttpService>[0]);
}

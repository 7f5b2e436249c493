import { HttpService } from '@nestjs/axios';
import { createAxiosInstance, type HttpClientOptions } from './axios-instance.js';

/**
 * An `HttpService` with its own axios instance.
 *
 * @throws {Error} when the installed version of axios could leak the API key.
 */
export function createHttpService(options: HttpClientOptions): HttpService {
  const instance = createAxiosInstance(options);
  // The types of axios differ between `import` and `require`, and the CommonJS build sees both.
  // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- only that build needs it
  return new HttpService(instance as ConstructorParameters<typeof HttpService>[0]);
}

import { HttpService } from '@nestjs/axios';
import { createAxiosInstance, type HttpClientOptions } from './axios-instance.js';

/**
 * An `HttpService` on an axios instance of its own.
 *
 * @throws {Error} when the axios installed could give the API key away.
 */
export function createHttpService(options: HttpClientOptions): HttpService {
  const instance = createAxiosInstance(options);
  // axios' types differ between `import` and `require`: the CommonJS build meets both.
  // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- needed by that build alone
  return new HttpService(instance as ConstructorParameters<typeof HttpService>[0]);
}

import type { HttpAdapterHost } from '@nestjs/core';

/**
 * Whether the application has an HTTP server. A microservice has none, although the type of the host says otherwise.
 */
export function servesHttp(host: HttpAdapterHost): boolean {
  return Boolean(host.httpAdapter);
}

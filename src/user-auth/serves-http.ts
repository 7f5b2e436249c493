import type { HttpAdapterHost } from '@nestjs/core';

/** Whether routes exist: a microservice and a standalone application have no HTTP server, whatever their types say. */
export function servesHttp(host: HttpAdapterHost): boolean {
  return Boolean(host.httpAdapter);
}

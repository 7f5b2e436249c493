import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { NestInstrumentation } from '@opentelemetry/instrumentation-nestjs-core';

export const http = new HttpInstrumentation({
  // In scope 'user' the URL of the call to Nudge holds the user's extId. This
  // list replaces the default one, so name the secrets of your own calls too.
  redactedQueryParams: ['extId', 'sig', 'Signature'],
});

/** For your SDK, which starts before the application is imported. */
export const instrumentations = [http, new NestInstrumentation()];

import * as Sentry from '@sentry/nestjs';

/** For a file that runs before Nest is imported. Give it your DSN. */
export function startSentry(options: Sentry.NodeOptions) {
  return Sentry.init({
    ...options,
    dataCollection: {
      // In scope 'user' the URL of the call to Nudge holds the user's extId.
      urlQueryParams: { deny: ['extId'] },
      // By default Sentry keeps the header with the user's JWT.
      httpHeaders: false,
      // Sentry collects these by default once `dataCollection` is set.
      userInfo: false,
      cookies: false,
      httpBodies: [],
      databaseQueryData: false,
      genAI: { inputs: false, outputs: false },
    },
  });
}

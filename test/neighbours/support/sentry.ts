import * as Sentry from '@sentry/nestjs';

/** Options of an SDK that sends nothing and writes its envelopes to the list. */
export function recordingOptions(envelopes: string[]): Sentry.NodeOptions {
  return {
    dsn: 'https://obviouslyfake@sentry.invalid/1',
    tracesSampleRate: 1,
    // The server of the emulator runs in this process too, but it belongs to Nudge.
    integrations: [
      Sentry.httpIntegration({ ignoreIncomingRequests: (path) => path.startsWith('/api/clients/') }),
    ],
    transport: (settings) =>
      Sentry.createTransport(settings, ({ body }) => {
        envelopes.push(Buffer.from(body).toString());
        return Promise.resolve({ statusCode: 200 });
      }),
  };
}

/** The events of a type in all envelopes, of which each line is JSON: a header or, below it, an item. */
export async function eventsIn(
  envelopes: readonly string[],
  type: 'event' | 'transaction',
): Promise<Sentry.Event[]> {
  await Sentry.flush();
  return envelopes.flatMap((envelope) => {
    const lines = envelope.split('\n').map((line) => JSON.parse(line) as { type?: string });
    return lines.filter((_line, index) => lines[index - 1]?.type === type) as Sentry.Event[];
  });
}

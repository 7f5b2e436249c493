import { beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Without the NODE_OPTIONS of jest, which the application would inherit. */
const ENVIRONMENT = { ...process.env, NODE_OPTIONS: '' };

interface Span {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId?: string;
  readonly links: readonly string[];
}

type Phase = 'cold' | 'held' | 'rotation';
type Phases = Readonly<Record<Phase, readonly Span[]>>;

const USERS = ['ada', 'bob'];

/** A span with the spans below it, each level indented further. */
function drawn(spans: readonly Span[], span: Span, indent = ''): string[] {
  const below = spans.filter(({ parentId }) => parentId === span.spanId);
  return [indent + span.name, ...below.flatMap((one) => drawn(spans, one, `${indent}  `))];
}

/** The trees of all root spans in alphabetical order, so the trees of renewals come last. */
function trees(spans: readonly Span[]): string[] {
  const roots = spans.filter(({ parentId }) => parentId === undefined);
  return roots.map((root) => drawn(spans, root).join('\n')).toSorted();
}

const renewalsOf = (spans: readonly Span[]): Span[] =>
  spans.filter(({ name }) => name === 'nudge_auth.renew');

/** The user to whose request a trace belongs. */
function userOf(spans: readonly Span[], traceId: string | undefined): unknown {
  const user = 'app.user';
  return spans.find((span) => span.traceId === traceId && user in span.attributes)?.attributes[user];
}

/** The users to whose requests the renewals are linked. */
function causesOf(spans: readonly Span[]): unknown[] {
  return renewalsOf(spans).map(({ links }) => {
    expect(links).toHaveLength(1);
    return userOf(spans, spans.find(({ spanId }) => spanId === links[0])?.traceId);
  });
}

const REQUEST = 'GET\n  NudgeTokenController.getToken\n    getToken';
const RENEWAL = 'nudge_auth.renew\n  GET';

describe.each(['client', 'user'] as const)(
  "the traces of a host with OpenTelemetry's instrumentation of HTTP and Nest, in scope %s",
  (scope) => {
    let phases: Phases;

    beforeAll(async () => {
      const args = ['test/operate/support/traced-app.mjs', scope];
      const { stdout } = await run(process.execPath, args, { env: ENVIRONMENT });
      phases = JSON.parse(stdout) as Phases;
    });

    it('have the form in the docs: a renewal is a separate root span, with the call to Nudge below it', () => {
      const renewals = scope === 'user' ? [RENEWAL, RENEWAL] : [RENEWAL];
      expect(trees(phases.cold)).toEqual([REQUEST, REQUEST, ...renewals]);
      expect(trees(phases.held)).toEqual([REQUEST]);
      expect(trees(phases.rotation)).toEqual([REQUEST, RENEWAL]);
    });

    it('link a renewal to the request that caused it, not to one that waits for it', () => {
      expect(causesOf(phases.cold)).toEqual(scope === 'user' ? USERS : ['ada']);
      expect(causesOf(phases.rotation)).toEqual(['bob']);
      expect(renewalsOf(phases.rotation)[0]?.attributes).toMatchObject({ 'nudge_auth.reason': 'rotation' });
    });

    it("name no user in another user's trace, and neither a user nor the API key in the trace of a renewal", () => {
      for (const spans of Object.values(phases)) {
        for (const span of spans) {
          const attributes = JSON.stringify(span.attributes);
          const own = userOf(spans, span.traceId);
          expect(USERS.filter((user) => user !== own && attributes.includes(user))).toEqual([]);
          expect(attributes).not.toContain('obviously-fake');
        }
      }
    });
  },
);

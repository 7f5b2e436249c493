import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { changelogProblems, releasedVersions } from '../../scripts/release/changelog.mjs';

const textOf = (path: string): string => readFileSync(path, 'utf8');
const manifest = JSON.parse(textOf('package.json')) as {
  version: string;
  license: string;
  engines: { node: string };
};

/** The lines of Node that the package runs on: 20, 22 and so on. */
const NODE_LINES = [...manifest.engines.node.matchAll(/(?:\^|>=)(\d+)\./g)].map(([, line]) => Number(line));

interface Step {
  readonly uses?: string;
  readonly run?: string;
}

interface Workflow {
  readonly permissions: Record<string, string>;
  readonly jobs: {
    readonly everything: {
      readonly container: string;
      readonly strategy: { readonly matrix: { readonly node: number[] } };
      readonly steps: Step[];
    };
  };
}

describe('the workflow', () => {
  const { permissions, jobs } = parse(textOf('.github/workflows/ci.yml')) as Workflow;
  const { container, strategy, steps } = jobs.everything;

  it('runs .ci/run on each line of Node that package.json names', () => {
    expect(strategy.matrix.node).toEqual(NODE_LINES);
    expect(container).toContain('${{ matrix.node }}');
    expect(steps.at(-1)?.run).toBe('.ci/run');
  });

  it('may read the repository and nothing else, and names the version of each action', () => {
    expect(permissions).toEqual({ contents: 'read' });
    for (const { uses } of steps) if (uses !== undefined) expect(uses).toMatch(/^actions\/[\w-]+@v\d+$/);
  });
});

it('.nvmrc names the oldest line of Node that package.json accepts', () => {
  expect(Number(textOf('.nvmrc'))).toBe(Math.min(...NODE_LINES));
});

interface Field {
  readonly type: string;
  readonly id?: string;
  readonly attributes: { readonly label?: string; readonly value?: string };
}

describe('the issue form', () => {
  const forms = readdirSync('.github/ISSUE_TEMPLATE').filter((name) => name !== 'config.yml');

  it.each(forms)('%s has a name, a description, and fields with labels and ids of their own', (name) => {
    const form = parse(textOf(`.github/ISSUE_TEMPLATE/${name}`)) as {
      name: string;
      description: string;
      body: Field[];
    };
    expect(form).toMatchObject({ name: expect.any(String), description: expect.any(String) });
    const fields = form.body.filter(({ type }) => type !== 'markdown');
    for (const { type, id, attributes } of fields) {
      expect(['input', 'textarea', 'dropdown', 'checkboxes']).toContain(type);
      expect([id, attributes.label]).toEqual([expect.any(String), expect.any(String)]);
    }
    expect(new Set(fields.map(({ id }) => id)).size).toBe(fields.length);
  });

  it('is chosen from a list, without a blank one', () => {
    expect(parse(textOf('.github/ISSUE_TEMPLATE/config.yml'))).toEqual({ blank_issues_enabled: false });
  });
});

describe('the changelog', () => {
  const changelog = textOf('CHANGELOG.md');

  it('has the notes of the next release, unless package.json has the version of the last one', () => {
    const [newest] = releasedVersions(changelog);
    if (newest !== manifest.version) expect(changelogProblems(changelog, manifest.version)).toEqual([]);
  });

  it('sorts notes under the headings of Keep a Changelog', () => {
    const headings = [...changelog.matchAll(/^### (.*)$/gm)].map(([, heading]) => heading);
    const known = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'];
    expect(headings.filter((heading) => !known.includes(heading ?? ''))).toEqual([]);
  });
});

it('LICENSE is the license that package.json names', () => {
  expect(textOf('LICENSE')).toMatch(new RegExp(`^${manifest.license} License\n`));
});

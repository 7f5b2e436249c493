import { describe, expect, it } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { NUDGE_AUTH_ERROR_CODES } from '../../src/common/errors.js';
import { COMMANDS } from '../../src/doctor/commands.js';
import { auditOptions } from '../../src/options/audit.options.js';
import { budgetOptions } from '../../src/options/budget.options.js';
import { cacheOptions } from '../../src/options/cache.options.js';
import { endpointOptions } from '../../src/options/endpoint.options.js';
import { httpOptions } from '../../src/options/http.options.js';
import { tenantsOptions } from '../../src/options/tenants.options.js';
import { userJwtOptions } from '../../src/options/user-jwt.options.js';
import { codeIn, PAGES, proseOf, rowsOf, sectionOf, textOf } from './pages.js';

const GROUPS: Readonly<Record<string, object>> = {
  audit: auditOptions,
  budget: budgetOptions,
  cache: cacheOptions,
  endpoint: endpointOptions,
  http: httpOptions,
  tenants: tenantsOptions,
  userJwt: userJwtOptions,
};

const TROUBLESHOOTING = 'docs/troubleshooting.md';

/** Messages on the page of troubleshooting that other programs print. */
const MESSAGES_OF_OTHERS = [
  'Unknown authentication strategy "jwt"',
  "Nest can't resolve dependencies of the …",
  'Must use import to load ES Module',
  'Jest did not exit one second after the test run has completed',
];

const SOURCES = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
  .map((file) => textOf(`src/${file}`))
  .join('\n');

/** The same without what breaks a long message into pieces. */
const MESSAGES = SOURCES.replaceAll(/['`"] \+\s*['`"]/g, '').replaceAll('apiKey: ', '');

const matchesIn = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([whole, name = whole]) => name);

describe.each(PAGES)('the page %s', (page) => {
  it('names options that exist', () => {
    const named = codeIn(proseOf(page)).flatMap((code) => {
      const [, group = '', option = ''] = /^(\w+)\.(\w+)\b(?!\()/.exec(code) ?? [];
      return group in GROUPS ? [{ group, option }] : [];
    });
    expect(named.filter(({ group, option }) => !(option in (GROUPS[group] ?? {})))).toEqual([]);
  });

  it('names error codes and variables that exist', () => {
    const named = matchesIn(proseOf(page), /(?<![\w-])(?:NUDGE|USER)_[A-Z_]+[A-Z]/g);
    const isKnown = (name: string): boolean =>
      SOURCES.includes(name) ||
      SOURCES.includes(name.replace(/_FILE$/, '')) ||
      textOf('package.json').includes(name);
    expect(named.filter((name) => !isKnown(name))).toEqual([]);
  });

  it('names metrics that exist', () => {
    const named = matchesIn(proseOf(page), /`(nudge_auth\.[a-z_.]+)`/g);
    expect(named.filter((name) => !SOURCES.includes(`'${name}'`))).toEqual([]);
  });

  it('names subpaths and commands of the package that exist', () => {
    const { exports } = JSON.parse(textOf('package.json')) as { exports: Record<string, unknown> };
    const subpaths = matchesIn(textOf(page), /['"`]nestjs-nudge-auth\/([\w.-]+)['"`]/g);
    expect(subpaths.filter((name) => !(`./${name}` in exports))).toEqual([]);
    const commands = matchesIn(textOf(page), /npx nestjs-nudge-auth ([a-z][\w-]*)/g);
    expect(commands.filter((name) => !COMMANDS.has(name))).toEqual([]);
  });
});

describe('the page of troubleshooting', () => {
  const symptoms = matchesIn(textOf(TROUBLESHOOTING), /^### (.+)$/gm);

  it.each(symptoms)(
    'says of "%s" what the user sees, the cause, the cure, and where to read more',
    (symptom) => {
      const text = sectionOf(TROUBLESHOOTING, `### ${symptom}`);
      const parts = matchesIn(text, /^- \*\*(.+?):\*\* \S/gm);
      expect(parts).toEqual(['You see', 'Cause', 'Cure', 'More']);
      expect(text.slice(text.indexOf('**More:**'))).toMatch(/\]\([^)]+\)/);
    },
  );

  it('has a way from every error code to a symptom', () => {
    const rows = rowsOf(textOf(TROUBLESHOOTING));
    const codes = rows.filter(([, way = '']) => way.includes('](#')).flatMap(([code = '']) => codeIn(code));
    expect(codes.toSorted()).toEqual([...NUDGE_AUTH_ERROR_CODES].toSorted());
  });

  it('quotes messages as the code writes them', () => {
    const seen = matchesIn(textOf(TROUBLESHOOTING), /^(- \*\*You see:\*\*.*?)^- \*\*Cause/gms).flatMap(
      codeIn,
    );
    const quoted = seen.filter((text) => text.includes(' ') && !/^\w+\/|^npm /.test(text));
    const isOurs = (text: string): boolean => MESSAGES.includes(text.replace(/^apiKey: /, ''));
    expect(quoted.length).toBeGreaterThan(5);
    expect(quoted.filter((text) => !isOurs(text) && !MESSAGES_OF_OTHERS.includes(text))).toEqual([]);
  });
});

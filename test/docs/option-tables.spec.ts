import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import * as v from 'valibot';
import { budgetOptions } from '../../src/options/budget.options.js';
import { cacheOptions } from '../../src/options/cache.options.js';
import { endpointOptions } from '../../src/options/endpoint.options.js';
import { httpOptions } from '../../src/options/http.options.js';
import { moduleExtras } from '../../src/options/module-extras.options.js';
import { nudgeAuthOptions } from '../../src/options/nudge-auth.options.js';
import { variableOf } from '../../src/options/option-rules.js';
import { tenantsOptions } from '../../src/options/tenants.options.js';
import { userJwtOptions } from '../../src/options/user-jwt.options.js';
import { redisTokenStoreOptions } from '../../src/redis/redis-token-store.options.js';
import { expectTable } from './generated-table.js';
import { optionWords, type OptionWords } from './option-words.js';

interface Group {
  readonly name: string;
  readonly page: string;
  /** The files that declare the types. */
  readonly files: readonly string[];
  readonly options: Readonly<Record<string, v.GenericSchema>>;
}

const PAGE = 'docs/options.md';
const group = (
  name: string,
  options: Group['options'],
  files: readonly string[],
  page: string = PAGE,
): Group => ({ name, page, options, files });

const CONNECTION = 'src/options/connection.options.ts';

const GROUPS: readonly Group[] = [
  group('options', nudgeAuthOptions, ['src/options/nudge-auth.options.ts']),
  group('cache', cacheOptions, ['src/options/cache.options.ts']),
  group('budget', budgetOptions, ['src/options/budget.options.ts']),
  group('http', httpOptions, [CONNECTION, 'src/options/http.options.ts']),
  group('userJwt', userJwtOptions, ['src/options/user-jwt.options.ts']),
  group('extras', moduleExtras, ['src/options/module-extras.options.ts']),
  group('endpoint', endpointOptions, ['src/options/endpoint.options.ts']),
  group('tenants', tenantsOptions, ['src/options/tenants.options.ts'], 'docs/tenants.md'),
  group(
    'RedisTokenStore',
    redisTokenStoreOptions,
    ['src/redis/redis-token-store.options.ts'],
    'docs/fleet.md',
  ),
];

function titleOf(page: string): string {
  return /^# (.+)$/m.exec(readFileSync(page, 'utf8'))?.[1] ?? page;
}

function rowOf(name: string, { text, defaultText, page }: OptionWords): string[] {
  const see = page === undefined ? '' : ` See [${titleOf(page)}](${basename(page)}).`;
  const shownDefault = /^\d+$/.test(defaultText) ? `\`${defaultText}\`` : defaultText;
  return [`\`${name}\``, shownDefault, `${text}${see}`].map((cell) => cell.replaceAll('|', String.raw`\|`));
}

/**
 * How a comment writes a default that is a plain value; `undefined` for another kind of default, such as a function.
 */
function plainDefault(schema: v.GenericSchema): string | undefined {
  const { default: value } = schema as { default?: unknown };
  if (typeof value === 'string') return value;
  return ['number', 'boolean', 'object'].includes(typeof value) ? JSON.stringify(value) : undefined;
}

function boundsOf(schema: v.GenericSchema): { min?: number; max?: number } {
  const { wrapped = schema } = schema as { wrapped?: v.GenericSchema };
  return v.getMetadata(wrapped);
}

describe.each(GROUPS)('the group $name', ({ name, page, files, options }) => {
  const words = optionWords(files);

  it.each(Object.entries(options))(
    'describes %s with the bounds and the default of its declaration',
    (option, schema) => {
      const { text = '', defaultText = '' } = words.get(option) ?? {};
      expect(text).not.toBe('');
      const { min, max } = boundsOf(schema);
      if (min !== undefined) expect(text).toContain(`${min} to ${max}`);
      const expected = plainDefault(schema);
      if (expected !== undefined) expect(defaultText.replaceAll(/[`']/g, '')).toBe(expected);
    },
  );

  it('is shown on its page', () =>
    expectTable(page, name, [
      ['option', 'default', 'what it does'],
      ...Object.keys(options).flatMap((option) => {
        const found = words.get(option);
        return found === undefined ? [] : [rowOf(option, found)];
      }),
    ]));
});

it('docs/options.md shows every environment variable', () => {
  const rows = Object.entries(nudgeAuthOptions).flatMap(([option, schema]) => {
    const variable = variableOf(schema);
    if (variable === undefined) return [];
    const values = variable.kind === 'flag' ? ': `true` or `1`, `false` or `0`' : '';
    return [[`\`${variable.name}\``, `\`${option}\`${values}`]];
  });
  return expectTable(PAGE, 'variables', [['variable', 'option'], ...rows]);
});

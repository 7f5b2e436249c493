import { describe, expect, it } from '@jest/globals';
import {
  type Files,
  added,
  APP_MODULE,
  MAIN,
  manifest,
  STRATEGY,
  TEMPLATE,
  without,
  Workspace,
} from '../../test/support/nest-workspace.js';

const MONOREPO: Files = {
  'package.json': manifest(),
  'tsconfig.json': '{}',
  'nest-cli.json': JSON.stringify({
    monorepo: true,
    sourceRoot: 'apps/shop/src',
    projects: {
      shop: { type: 'application', sourceRoot: 'apps/shop/src' },
      admin: { type: 'application', sourceRoot: 'apps/admin/src', entryFile: 'server' },
      auth: { type: 'library', sourceRoot: 'libs/auth/src' },
    },
  }),
  'apps/shop/src/main.ts': MAIN,
  'apps/shop/src/app.module.ts': APP_MODULE,
  'apps/shop/test/jest-e2e.json': '{}',
  'apps/admin/src/server.ts': MAIN.replaceAll('AppModule', 'AdminModule').replace(
    'app.module',
    'admin.module',
  ),
  'apps/admin/src/admin.module.ts': APP_MODULE.replace('AppModule', 'AdminModule'),
  'apps/admin/test/jest-e2e.json': '{}',
  'libs/auth/src/index.ts': 'export {};',
};

describe('nest add in a monorepo', () => {
  it.each([
    ['the project', { project: 'admin' }],
    ['the source root that the CLI hands over', { sourceRoot: 'apps/admin/src' }],
  ])('changes only the application that is named by %s', (_, options) => {
    const workspace = added(MONOREPO, options);
    expect(workspace.text('apps/admin/src/admin.module.ts')).toContain('imports: [NudgeModule]');
    expect(workspace.tree.exists('apps/admin/src/nudge/nudge.module.ts')).toBe(true);
    expect(workspace.text('apps/admin/test/nudge.e2e-spec.ts')).toContain("from '../src/admin.module'");
    expect(workspace.text('apps/shop/src/app.module.ts')).toBe(APP_MODULE);
  });

  it('finds the strategy in a library', () => {
    const workspace = added({ ...MONOREPO, 'libs/auth/src/jwt.strategy.ts': STRATEGY });
    expect(workspace.text('apps/shop/src/nudge/nudge.module.ts')).not.toContain('userJwt');
  });

  it.each([
    ['does not exist', { project: 'blog' }, '"blog" is not an application'],
    [
      'is a library',
      { project: 'auth' },
      '"auth" is not an application in nest-cli.json: use one of shop, admin',
    ],
    ['is named by the source root of a library', { sourceRoot: 'libs/auth/src' }, '"auth" is a library'],
  ])('stops when the project %s', (_, options, message) => {
    expect(() => added(MONOREPO, options)).toThrow(message);
  });
});

describe('nest add in a folder that it cannot use', () => {
  it.each([
    ['there is no package.json', without('package.json'), 'no package.json here'],
    ['package.json is not JSON', { ...TEMPLATE, 'package.json': '{' }, 'or it is not JSON'],
    ['there is no Nest', { ...TEMPLATE, 'package.json': '{}' }, 'does not name @nestjs/core'],
    ['there is no TypeScript', without('tsconfig.json'), 'no tsconfig.json here'],
    [
      'Nest is too old',
      { ...TEMPLATE, 'package.json': manifest({ '@nestjs/core': '^10.4.0' }) },
      'update Nest first',
    ],
    [
      'Nest is too new',
      { ...TEMPLATE, 'package.json': manifest({ '@nestjs/core': '^13.0.0' }) },
      'update nestjs-nudge-auth first',
    ],
    [
      'package.json names no version of Nest',
      { ...TEMPLATE, 'package.json': manifest({ '@nestjs/core': 'latest' }) },
      'install it first',
    ],
  ])('stops and says what to do when %s', (_, files, message) => {
    const workspace = new Workspace(files);
    const before = workspace.files();
    expect(() => workspace.add()).toThrow(message);
    expect(workspace.files()).toEqual(before);
  });
});

import { describe, expect, it } from '@jest/globals';
import {
  added,
  APP_MODULE,
  manifest,
  STRATEGY,
  TEMPLATE,
  type Files,
} from '../../test/support/nest-workspace.js';

const BOM = '\ufeff';

function withAppModule(text: string, more: Files = {}): Files {
  return { ...TEMPLATE, ...more, 'src/app.module.ts': text };
}

const PASTED = "import { NudgeModule } from './nudge/nudge.module';";

describe('nest add and a root module that is not plain', () => {
  it.each([
    ['quotes the property imports', "  'imports': [],"],
    ['computes the property imports', "  ['imports']: [],"],
    ['spreads further metadata, which may hold imports', '  ...metadata,'],
    ['spreads metadata behind its imports', '  imports: [],\n  ...metadata,'],
  ])('prints the lines to paste and leaves the file as it is if it %s', (_, property) => {
    const text = APP_MODULE.replace('  imports: [],\n', '').replace('})', `${property}\n})`);
    const workspace = added(withAppModule(text));
    expect(workspace.text('src/app.module.ts')).toBe(text);
    expect(workspace.messages.join()).toContain(PASTED);
  });

  it.each([
    ['a comment', "/*\nimport { Old } from './old';\n*/\n"],
    ['a template', "const old = `\nimport { Old } from './old';\n`;\n"],
  ])('adds the import above lines in %s that look like imports', (_, old) => {
    const text = APP_MODULE.replace('@Module', `${old}@Module`);
    const edited = added(withAppModule(text)).text('src/app.module.ts');
    expect(edited).toContain(`import { AppController } from './app.controller';\n${PASTED}\n`);
    expect(edited).toContain(old);
  });

  it('edits a file whose only import follows a byte order mark or ends with a comment', () => {
    const oneImport = APP_MODULE.replace("import { AppController } from './app.controller';\n", '');
    for (const text of [BOM + oneImport, oneImport.replace(';\n', '; // Nest\n')]) {
      const edited = added(withAppModule(text)).text('src/app.module.ts');
      expect(edited).toContain(`${PASTED}\n`);
      expect(edited).toContain('imports: [NudgeModule]');
      expect(edited.startsWith(BOM)).toBe(text.startsWith(BOM));
    }
  });

  it('adds the import although a comment names the module', () => {
    const edited = added(withAppModule(`// NudgeModule will come here\n${APP_MODULE}`)).text(
      'src/app.module.ts',
    );
    expect(edited).toContain(PASTED);
    expect(edited).toContain('imports: [NudgeModule]');
  });

  it('prints the lines to paste if another module has the name of the new one', () => {
    const text = APP_MODULE.replace('./app.controller', './their-nudge').replaceAll(
      'AppController',
      'NudgeModule',
    );
    const workspace = added(withAppModule(text));
    expect(workspace.text('src/app.module.ts')).toBe(text);
    expect(workspace.messages.join()).toContain('./nudge/nudge.module');
  });
});

describe('nest add and an application that registers NudgeAuthModule', () => {
  it.each([
    [
      'under another name',
      "import { NudgeAuthModule as Nudge } from 'nestjs-nudge-auth';\nexport const nudge = Nudge.forRoot({});",
    ],
    [
      'by a namespace',
      "import * as nudge from 'nestjs-nudge-auth';\nexport const it = nudge.NudgeAuthModule.forRoot({});",
    ],
  ])('leaves the sources as they are if it does so %s', (_, source) => {
    const workspace = added({ ...TEMPLATE, 'src/nudge.ts': source });
    expect(workspace.text('src/app.module.ts')).toBe(APP_MODULE);
    expect(workspace.tree.exists('src/nudge/nudge.module.ts')).toBe(false);
  });

  it('adds the module if only a comment registers it', () => {
    const source = '// NudgeAuthModule.forRoot({})\nexport {};';
    const workspace = added({ ...TEMPLATE, 'src/nudge.ts': source });
    expect(workspace.tree.exists('src/nudge/nudge.module.ts')).toBe(true);
  });
});

describe('nest add and what stands in comments', () => {
  it('does not take a strategy in a comment for one that guards the endpoint', () => {
    const source = `${STRATEGY.replace('(Strategy)', "(Strategy, 'local')")}// class A extends PassportStrategy(Strategy, 'jwt') {}`;
    const workspace = added({ ...TEMPLATE, 'src/auth/local.strategy.ts': source });
    expect(workspace.text('src/nudge/nudge.module.ts')).toContain('userJwt');
  });

  it('does not take a ConfigModule in a comment for one that reads .env', () => {
    const workspace = added({ ...TEMPLATE, 'src/settings.ts': '// ConfigModule.forRoot()\nexport {};' });
    expect(workspace.text('src/nudge/nudge.module.ts')).toContain('ConfigModule.forRoot()');
  });
});

describe('nest add and files from other editors', () => {
  it('reads package.json and nest-cli.json with a byte order mark', () => {
    const workspace = added({
      ...TEMPLATE,
      'package.json': BOM + manifest(),
      'nest-cli.json': `${BOM}{ "sourceRoot": "source" }`,
      'source/main.ts': TEMPLATE['src/main.ts'] ?? '',
      'source/app.module.ts': APP_MODULE,
    });
    expect(workspace.text('source/app.module.ts')).toContain('imports: [NudgeModule]');
    expect(workspace.manifest.dependencies['@nestjs/axios']).toBe('^4.0.0');
  });

  it('keeps the line breaks of package.json and of .env.example', () => {
    const workspace = added({
      ...TEMPLATE,
      'package.json': manifest().replaceAll('\n', '\r\n'),
      '.env.example': 'PORT=3000\r\n',
    });
    for (const path of ['package.json', '.env.example']) {
      expect(workspace.text(path)).not.toMatch(/[^\r]\n/);
    }
  });

  it('accepts a source root of nest-cli.json with ./ before it and / behind it', () => {
    const projects = { shop: { type: 'application', sourceRoot: './apps/shop/src/', entryFile: 'server' } };
    const workspace = added(
      {
        ...TEMPLATE,
        'nest-cli.json': JSON.stringify({ monorepo: true, projects }),
        'apps/shop/src/server.ts': (TEMPLATE['src/main.ts'] ?? '').replaceAll('app.module', 'shop.module'),
        'apps/shop/src/shop.module.ts': APP_MODULE,
      },
      { project: 'shop' },
    );
    expect(workspace.text('apps/shop/src/shop.module.ts')).toContain('imports: [NudgeModule]');
  });
});

describe('nest add and the environment of an application that has the API key already', () => {
  const SET = 'NUDGE_API_KEY=a-fake-key\n';

  it('names the secret that is missing in .env, and adds it to .env.example', () => {
    const workspace = added({ ...TEMPLATE, '.env': SET, '.env.example': SET });
    expect(workspace.text('.env')).toBe(SET);
    expect(workspace.text('.env.example')).toMatch(/^NUDGE_API_KEY=a-fake-key\n\n[^]*^USER_JWT_SECRET=$/m);
    expect(workspace.text('.env.example').match(/NUDGE_API_KEY/g)).toHaveLength(1);
    expect(workspace.messages.join()).toContain('USER_JWT_SECRET');
  });

  it('names a variable that .env has without a value, as a copy of .env.example has it', () => {
    const text = 'NUDGE_API_KEY=a-fake-key\nUSER_JWT_SECRET=\n';
    const workspace = added({ ...TEMPLATE, '.env': text });
    expect(workspace.text('.env')).toBe(text);
    expect(workspace.messages.join()).toContain('Set USER_JWT_SECRET in .env');
  });

  it('says nothing if no variable is missing, however it is written', () => {
    const text = 'export NUDGE_API_KEY = a-fake-key\nUSER_JWT_SECRET=a-fake-secret-of-32-bytes-or-more!\n';
    const workspace = added({ ...TEMPLATE, '.env': text, '.env.example': text });
    expect(workspace.text('.env.example')).toBe(text);
    expect(workspace.messages.join()).not.toContain('.env.example');
  });
});

import { describe, expect, it } from '@jest/globals';
import { posix } from 'node:path';
import { check } from 'prettier';
import { nestAdd } from './nest-add.js';
import type { NestAddOptions } from './application.js';
import type { Tree } from './schematic.js';

const MAIN = `import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module';

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  await app.listen(process.env.PORT ?? 3000);
}
void bootstrap();
`;

const APP_MODULE = `import { Module } from '@nestjs/common';
import { AppController } from './app.controller';

@Module({
  imports: [],
  controllers: [AppController],
})
export class AppModule {}
`;

const STRATEGY = `import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport-jwt';

export class JwtStrategy extends PassportStrategy(Strategy) {}
`;

type Files = Readonly<Record<string, string>>;

interface Manifest {
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
}

function manifest(dependencies: Record<string, string> = {}, more: object = {}): string {
  const nest = { '@nestjs/core': '^11.0.1', '@nestjs/platform-express': '^11.0.1' };
  return `${JSON.stringify({ name: 'app', dependencies: { ...nest, ...dependencies }, ...more }, null, 2)}\n`;
}

/** As `nest new` of Nest 11 makes it. */
const TEMPLATE: Files = {
  'package.json': manifest(),
  'nest-cli.json': '{ "sourceRoot": "src" }',
  'tsconfig.json': '{}',
  'src/main.ts': MAIN,
  'src/app.module.ts': APP_MODULE,
  'test/jest-e2e.json': '{}',
};

const onNest12: Files = {
  ...TEMPLATE,
  'package.json': manifest({ '@nestjs/core': '^12.0.1' }, { type: 'module' }),
  'src/main.ts': MAIN.replace('./app.module', './app.module.js'),
};

/** As the engine's tree, which does not load in this runner: test/matrix/nest-add.mjs has the real one. */
class MemoryTree implements Tree {
  readonly texts = new Map<string, string>();

  exists(path: string): boolean {
    return this.texts.has(this.#normalized(path));
  }

  read(path: string): Uint8Array | null {
    const text = this.texts.get(this.#normalized(path));
    return text === undefined ? null : Buffer.from(text);
  }

  create(path: string, content: string): void {
    if (this.exists(path)) throw new Error(`${path} exists already`);
    this.texts.set(this.#normalized(path), content);
  }

  overwrite(path: string, content: string): void {
    if (!this.exists(path)) throw new Error(`${path} does not exist`);
    this.texts.set(this.#normalized(path), content);
  }

  getDir(path: string): { visit(visitor: (path: string) => void): void } {
    const below = `${this.#normalized(path)}/`;
    const paths = [...this.texts.keys()].filter((candidate) => candidate.startsWith(below));
    return { visit: (visitor) => paths.forEach((found) => visitor(found)) };
  }

  #normalized(path: string): string {
    return posix.join('/', path);
  }
}

class Workspace {
  readonly tree = new MemoryTree();
  readonly messages: string[] = [];
  readonly tasks: unknown[] = [];

  constructor(files: Files) {
    for (const [path, text] of Object.entries(files)) this.tree.create(path, text);
  }

  add(options: NestAddOptions = {}): this {
    const log = (message: string): void => void this.messages.push(message);
    nestAdd(options)(this.tree, {
      logger: { info: log, warn: log },
      addTask: (task) => this.tasks.push(task.toConfiguration()),
    });
    return this;
  }

  text(path: string): string {
    return Buffer.from(this.tree.read(path) ?? []).toString();
  }

  get manifest(): Manifest {
    return JSON.parse(this.text('package.json')) as Manifest;
  }

  files(): Record<string, string> {
    return Object.fromEntries(this.tree.texts);
  }
}

const added = (files: Files, options?: NestAddOptions): Workspace => new Workspace(files).add(options);

/** Without one file of the template. */
function without(path: string): Files {
  return Object.fromEntries(Object.entries(TEMPLATE).filter(([name]) => name !== path));
}

describe('nest add, peers', () => {
  it('takes those of line 11 for an application on Nest 11, and installs them', () => {
    const workspace = added(TEMPLATE);
    expect(workspace.manifest.dependencies).toEqual({
      '@nestjs/axios': '^4.0.0',
      '@nestjs/config': '^4.0.0',
      '@nestjs/core': '^11.0.1',
      '@nestjs/passport': '^11.0.0',
      '@nestjs/platform-express': '^11.0.1',
      passport: '^0.7.0',
      'passport-jwt': '^4.0.1',
    });
    expect(workspace.manifest.devDependencies).toEqual({ '@types/passport-jwt': '^4.0.1' });
    expect(workspace.tasks).toEqual([{ name: 'node-package', options: { command: 'install' } }]);
  });

  it('takes those of line 12 for an application on Nest 12', () => {
    expect(added(onNest12).manifest.dependencies).toMatchObject({
      '@nestjs/axios': '^12.0.0',
      '@nestjs/config': '^12.0.0',
      '@nestjs/passport': '^12.0.0',
    });
  });

  it('goes by the Nest that is installed, whatever the range in package.json allows', () => {
    const files = {
      ...TEMPLATE,
      'package.json': manifest({ '@nestjs/core': '>=11' }),
      'node_modules/@nestjs/core/package.json': '{ "version": "12.5.1" }',
    };
    expect(added(files).manifest.dependencies['@nestjs/axios']).toBe('^12.0.0');
  });

  it('puts line 11 in the place of the ESM-only line 12 beside Nest 11, and says so', () => {
    const workspace = added({
      ...TEMPLATE,
      'package.json': manifest({ '@nestjs/config': '^12.0.1', '@nestjs/passport': '12.0.0' }),
    });
    expect(workspace.manifest.dependencies).toMatchObject({
      '@nestjs/config': '^4.0.0',
      '@nestjs/passport': '^11.0.0',
    });
    expect(workspace.messages).toContain(
      '@nestjs/config ^12.0.1 does not go with Nest 11: package.json now has ^4.0.0.',
    );
  });

  it('leaves alone what fits already, where it stands and as it is written', () => {
    const dependencies = {
      '@nestjs/axios': '~4.0.1',
      '@nestjs/config': 'workspace:*',
      '@nestjs/passport': '11.0.5',
      passport: '^0.6.0',
      'passport-jwt': '4.0.0',
      '@types/passport-jwt': '*',
    };
    const text = manifest(dependencies).replace('"name":', '"name"  :');
    const workspace = added({ ...TEMPLATE, 'package.json': text });
    expect(workspace.text('package.json')).toBe(text);
    expect(workspace.tasks).toEqual([]);
  });

  it('keeps the indent of package.json', () => {
    const workspace = added({ ...TEMPLATE, 'package.json': manifest().replaceAll('  ', '\t') });
    expect(workspace.text('package.json')).toContain('\n\t"name": "app"');
  });

  it('installs nothing with --skip-install, and says what is left to do', () => {
    const workspace = added(TEMPLATE, { skipInstall: true });
    expect(workspace.tasks).toEqual([]);
    expect(workspace.messages.join()).toContain('npm install');
  });
});

describe('nest add, sources', () => {
  it('imports its module into the root module by one import and one entry', () => {
    expect(added(TEMPLATE).text('src/app.module.ts')).toBe(`import { Module } from '@nestjs/common';
import { AppController } from './app.controller';
import { NudgeModule } from './nudge/nudge.module';

@Module({
  imports: [NudgeModule],
  controllers: [AppController],
})
export class AppModule {}
`);
  });

  it('imports with .js where the application does', () => {
    const workspace = added(onNest12);
    expect(workspace.text('src/app.module.ts')).toContain("from './nudge/nudge.module.js'");
    expect(workspace.text('test/nudge.e2e-spec.ts')).toContain("from '../src/app.module.js'");
  });

  it.each([
    ['without a strategy', {}],
    ['with a strategy', { 'src/auth/jwt.strategy.ts': STRATEGY }],
  ])('writes files as prettier does, %s', async (_, more) => {
    for (const test of ['test/jest-e2e.json', 'vitest.config.e2e.ts']) {
      const workspace = added({ ...without('test/jest-e2e.json'), [test]: '{}', ...more });
      for (const path of ['src/nudge/nudge.module.ts', 'test/nudge.e2e-spec.ts']) {
        const style = { filepath: path, singleQuote: true, trailingComma: 'all' as const };
        expect({ [path]: await check(workspace.text(path), style) }).toEqual({ [path]: true });
      }
    }
  });

  it.each([
    ['its default name', STRATEGY],
    ["the name 'jwt'", STRATEGY.replace('(Strategy)', "(Strategy, 'jwt')").replace('passport-jwt', 'other')],
  ])("lets the application's own strategy of %s guard", (_, strategy) => {
    const workspace = added({ ...TEMPLATE, 'src/auth/jwt.strategy.ts': strategy });
    expect(workspace.text('src/nudge/nudge.module.ts')).not.toContain('userJwt');
    expect(workspace.text('.env.example')).not.toContain('USER_JWT_SECRET');
    expect(workspace.text('test/nudge.e2e-spec.ts')).toContain('overrideGuard(NudgeUserGuard)');
  });

  it.each([
    ['of another name', STRATEGY.replace('(Strategy)', "(Strategy, 'refresh')")],
    ['in a comment', STRATEGY.replace('export', '// export')],
    ['of another kind', STRATEGY.replace('passport-jwt', 'passport-local')],
  ])('lets the module verify users where the only strategy is one %s', (_, strategy) => {
    const workspace = added({ ...TEMPLATE, 'src/auth/jwt.strategy.ts': strategy });
    expect(workspace.text('src/nudge/nudge.module.ts')).toContain('userJwt');
  });

  it('reads .env only where the application does not do so already', () => {
    expect(added(TEMPLATE).text('src/nudge/nudge.module.ts')).toContain('ConfigModule.forRoot()');
    const reading = { ...TEMPLATE, 'src/settings.ts': 'ConfigModule.forRoot({ isGlobal: true })' };
    expect(added(reading).text('src/nudge/nudge.module.ts')).not.toContain('ConfigModule.forRoot()');
  });

  it('prints what to paste where the root module is not simple', () => {
    const text = APP_MODULE.replace('imports: []', 'imports: MODULES');
    const workspace = added({ ...TEMPLATE, 'src/app.module.ts': text });
    expect(workspace.text('src/app.module.ts')).toBe(text);
    expect(workspace.messages.join()).toContain("import { NudgeModule } from './nudge/nudge.module';");
  });

  it('prints what to paste where the entry file does not tell the root module', () => {
    const workspace = added(without('src/app.module.ts'));
    expect(workspace.messages.join()).toContain('The root module was not found. Paste this into it');
    expect(workspace.tree.exists('test/nudge.e2e-spec.ts')).toBe(false);
  });

  it('finds a root module of another name by the entry file', () => {
    const workspace = added({
      ...without('src/app.module.ts'),
      'src/main.ts': MAIN.replaceAll('AppModule', 'ShopModule')
        .replace('./app.module', './shop/shop.module')
        .replace('create(', 'create<NestExpressApplication>('),
      'src/shop/shop.module.ts': APP_MODULE.replace('AppModule', 'ShopModule'),
    });
    expect(workspace.text('src/shop/shop.module.ts')).toContain("from '../nudge/nudge.module'");
    expect(workspace.text('test/nudge.e2e-spec.ts')).toContain(
      "{ ShopModule } from '../src/shop/shop.module'",
    );
  });

  it('leaves the sources alone where NudgeAuthModule is registered by hand', () => {
    const workspace = added({ ...TEMPLATE, 'src/tokens.ts': 'NudgeAuthModule.forRoot({})' });
    expect(workspace.text('src/app.module.ts')).toBe(APP_MODULE);
    expect(workspace.tree.exists('src/nudge/nudge.module.ts')).toBe(false);
    expect(workspace.manifest.dependencies).toHaveProperty('passport');
  });
});

describe('nest add, environment and tests', () => {
  it('makes a secret for this machine, and none for the example that all share', () => {
    const secretIn = (text: string): string | undefined => /^USER_JWT_SECRET=(.*)$/m.exec(text)?.[1];
    const [one, other] = [added(TEMPLATE), added(TEMPLATE)];
    expect(secretIn(one.text('.env.example'))).toBe('');
    expect(secretIn(one.text('.env'))).toMatch(/^[\w-]{43}$/);
    expect(secretIn(one.text('.env'))).not.toBe(secretIn(other.text('.env')));
  });

  it('appends to an .env.example, and leaves an .env as it is', () => {
    const workspace = added({ ...TEMPLATE, '.env.example': 'PORT=3000', '.env': 'PORT=3001\n' });
    expect(workspace.text('.env.example')).toMatch(/^PORT=3000\n\n# Nudge\./);
    expect(workspace.text('.env')).toBe('PORT=3001\n');
    expect(workspace.messages.join()).toContain('does not start before .env');
  });

  it('writes the e2e test for vitest, and for Fastify, where the application uses them', () => {
    const vitest = added({ ...without('test/jest-e2e.json'), 'vitest.config.e2e.ts': '' });
    expect(vitest.text('test/nudge.e2e-spec.ts')).toContain("from 'vitest'");
    const dependencies = { '@nestjs/core': '^11.0.1', '@nestjs/platform-fastify': '^11.0.1' };
    const fastify = added({ ...TEMPLATE, 'package.json': JSON.stringify({ dependencies }) });
    expect(fastify.text('test/nudge.e2e-spec.ts')).toContain('createNestApplication(new FastifyAdapter())');
  });

  it('adds no e2e test where it knows no runner', () => {
    const workspace = added(without('test/jest-e2e.json'));
    expect(workspace.tree.exists('test/nudge.e2e-spec.ts')).toBe(false);
    expect(workspace.messages.join()).toContain('No e2e test was added');
  });
});

describe('nest add, a second time', () => {
  it.each([
    ['without a strategy', TEMPLATE],
    ['with a strategy', { ...TEMPLATE, 'src/jwt.strategy.ts': STRATEGY }],
  ])('changes nothing and has nothing to say %s', (_, files) => {
    const before = added(files).files();
    const workspace = added(before);
    expect(workspace.files()).toEqual(before);
    expect(workspace.tasks).toEqual([]);
    expect(workspace.messages).toEqual([]);
  });
});

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

describe('nest add, in a monorepo', () => {
  it.each([
    ['the project', { project: 'admin' }],
    ['the source root that the CLI hands over', { sourceRoot: 'apps/admin/src' }],
  ])('changes the one application that is named by %s', (_, options) => {
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
    ['does not exist', { project: 'blog' }, '"blog" is no application'],
    [
      'is a library',
      { project: 'auth' },
      '"auth" is no application among the projects of nest-cli.json: use one of shop, admin',
    ],
    ['is a library by its source root', { sourceRoot: 'libs/auth/src' }, '"auth" is a library'],
  ])('stops where the project %s', (_, options, message) => {
    expect(() => added(MONOREPO, options)).toThrow(message);
  });
});

describe('nest add, where it does not belong', () => {
  it.each([
    ['there is no package.json', without('package.json'), 'no package.json here'],
    ['package.json is no JSON', { ...TEMPLATE, 'package.json': '{' }, 'or it is not JSON'],
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
      'the version is not told',
      { ...TEMPLATE, 'package.json': manifest({ '@nestjs/core': 'latest' }) },
      'install it first',
    ],
  ])('stops and says what to do where %s', (_, files, message) => {
    const workspace = new Workspace(files);
    const before = workspace.files();
    expect(() => workspace.add()).toThrow(message);
    expect(workspace.files()).toEqual(before);
  });
});

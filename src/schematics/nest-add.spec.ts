import { describe, expect, it } from '@jest/globals';
import { check } from 'prettier';
import {
  added,
  APP_MODULE,
  MAIN,
  ON_NEST_12,
  STRATEGY,
  TEMPLATE,
  without,
} from '../../test/support/nest-workspace.js';

describe('nest add and the sources', () => {
  it('adds its module to the root module with one import line and one entry', () => {
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

  it('writes imports with .js if the application does', () => {
    const workspace = added(ON_NEST_12);
    expect(workspace.text('src/app.module.ts')).toContain("from './nudge/nudge.module.js'");
    expect(workspace.text('test/nudge.e2e-spec.ts')).toContain("from '../src/app.module.js'");
  });

  it.each([
    ['without a strategy', {}],
    ['with a strategy', { 'src/auth/jwt.strategy.ts': STRATEGY }],
  ])('writes files that prettier accepts, %s', async (_, more) => {
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
  ])("lets the application's own strategy with %s guard the endpoint", (_, strategy) => {
    const workspace = added({ ...TEMPLATE, 'src/auth/jwt.strategy.ts': strategy });
    expect(workspace.text('src/nudge/nudge.module.ts')).not.toContain('userJwt');
    expect(workspace.text('.env.example')).not.toContain('USER_JWT_SECRET');
    expect(workspace.text('test/nudge.e2e-spec.ts')).toContain('overrideGuard(NudgeUserGuard)');
  });

  it.each([
    ['has another name', STRATEGY.replace('(Strategy)', "(Strategy, 'refresh')")],
    ['stands in a comment', STRATEGY.replace('export', '// export')],
    ['is of another kind', STRATEGY.replace('passport-jwt', 'passport-local')],
  ])('lets the module verify users if the only strategy %s', (_, strategy) => {
    const workspace = added({ ...TEMPLATE, 'src/auth/jwt.strategy.ts': strategy });
    expect(workspace.text('src/nudge/nudge.module.ts')).toContain('userJwt');
  });

  it('reads .env only if the application does not read it already', () => {
    expect(added(TEMPLATE).text('src/nudge/nudge.module.ts')).toContain('ConfigModule.forRoot()');
    const reading = { ...TEMPLATE, 'src/settings.ts': 'ConfigModule.forRoot({ isGlobal: true })' };
    expect(added(reading).text('src/nudge/nudge.module.ts')).not.toContain('ConfigModule.forRoot()');
  });

  it('prints what to paste if the root module is not simple', () => {
    const text = APP_MODULE.replace('imports: []', 'imports: MODULES');
    const workspace = added({ ...TEMPLATE, 'src/app.module.ts': text });
    expect(workspace.text('src/app.module.ts')).toBe(text);
    expect(workspace.messages.join()).toContain("import { NudgeModule } from './nudge/nudge.module';");
  });

  it('prints what to paste if it does not find the root module', () => {
    const workspace = added(without('src/app.module.ts'));
    expect(workspace.messages.join()).toContain(
      'The root module was not found. Paste this into your root module',
    );
    expect(workspace.tree.exists('test/nudge.e2e-spec.ts')).toBe(false);
  });

  it('finds a root module with another name by the entry file', () => {
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

  it('leaves the sources alone if the application registers NudgeAuthModule already', () => {
    const workspace = added({ ...TEMPLATE, 'src/tokens.ts': 'NudgeAuthModule.forRoot({})' });
    expect(workspace.text('src/app.module.ts')).toBe(APP_MODULE);
    expect(workspace.tree.exists('src/nudge/nudge.module.ts')).toBe(false);
    expect(workspace.manifest.dependencies).toHaveProperty('passport');
  });
});

describe('nest add, the environment and the tests', () => {
  it('writes a new secret into .env, and none into .env.example, which goes into git', () => {
    const secretIn = (text: string): string | undefined => /^USER_JWT_SECRET=(.*)$/m.exec(text)?.[1];
    const [one, other] = [added(TEMPLATE), added(TEMPLATE)];
    expect(secretIn(one.text('.env.example'))).toBe('');
    expect(secretIn(one.text('.env'))).toMatch(/^[\w-]{43}$/);
    expect(secretIn(one.text('.env'))).not.toBe(secretIn(other.text('.env')));
  });

  it('appends to an existing .env.example, and leaves an existing .env as it is', () => {
    const workspace = added({ ...TEMPLATE, '.env.example': 'PORT=3000', '.env': 'PORT=3001\n' });
    expect(workspace.text('.env.example')).toMatch(/^PORT=3000\n\n# Nudge\./);
    expect(workspace.text('.env')).toBe('PORT=3001\n');
    expect(workspace.messages.join()).toContain('Set NUDGE_API_KEY and USER_JWT_SECRET in .env');
  });

  it('writes the e2e test for vitest and for Fastify if the application uses them', () => {
    const vitest = added({ ...without('test/jest-e2e.json'), 'vitest.config.e2e.ts': '' });
    expect(vitest.text('test/nudge.e2e-spec.ts')).toContain("from 'vitest'");
    const dependencies = { '@nestjs/core': '^11.0.1', '@nestjs/platform-fastify': '^11.0.1' };
    const fastify = added({ ...TEMPLATE, 'package.json': JSON.stringify({ dependencies }) });
    expect(fastify.text('test/nudge.e2e-spec.ts')).toContain('createNestApplication(new FastifyAdapter())');
  });

  it('adds no e2e test if it finds no test runner', () => {
    const workspace = added(without('test/jest-e2e.json'));
    expect(workspace.tree.exists('test/nudge.e2e-spec.ts')).toBe(false);
    expect(workspace.messages.join()).toContain('No e2e test was added');
  });
});

describe('nest add when it runs a second time', () => {
  it.each([
    ['without a strategy', TEMPLATE],
    ['with a strategy', { ...TEMPLATE, 'src/jwt.strategy.ts': STRATEGY }],
  ])('changes nothing and prints nothing, %s', (_, files) => {
    const before = added(files).files();
    const workspace = added(before);
    expect(workspace.files()).toEqual(before);
    expect(workspace.tasks).toEqual([]);
    expect(workspace.messages).toEqual([]);
  });
});

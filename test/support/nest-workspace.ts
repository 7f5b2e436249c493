import { posix } from 'node:path';
import type { NestAddOptions } from '../../src/schematics/application.js';
import { nestAdd } from '../../src/schematics/nest-add.js';
import type { Tree } from '../../src/schematics/schematic.js';

export const MAIN = `import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module';

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  await app.listen(process.env.PORT ?? 3000);
}
void bootstrap();
`;

export const APP_MODULE = `import { Module } from '@nestjs/common';
import { AppController } from './app.controller';

@Module({
  imports: [],
  controllers: [AppController],
})
export class AppModule {}
`;

export const STRATEGY = `import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport-jwt';

export class JwtStrategy extends PassportStrategy(Strategy) {}
`;

export type Files = Readonly<Record<string, string>>;

interface Manifest {
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
}

export function manifest(dependencies: Record<string, string> = {}, more: object = {}): string {
  const nest = { '@nestjs/core': '^11.0.1', '@nestjs/platform-express': '^11.0.1' };
  return `${JSON.stringify({ name: 'app', dependencies: { ...nest, ...dependencies }, ...more }, null, 2)}\n`;
}

/** The files that `nest new` of Nest 11 writes. */
export const TEMPLATE: Files = {
  'package.json': manifest(),
  'nest-cli.json': '{ "sourceRoot": "src" }',
  'tsconfig.json': '{}',
  'src/main.ts': MAIN,
  'src/app.module.ts': APP_MODULE,
  'test/jest-e2e.json': '{}',
};

export const ON_NEST_12: Files = {
  ...TEMPLATE,
  'package.json': manifest({ '@nestjs/core': '^12.0.1' }, { type: 'module' }),
  'src/main.ts': MAIN.replace('./app.module', './app.module.js'),
};

/** Replaces the tree of the schematics engine, which jest cannot load. test/matrix/nest-add.mjs uses the real one. */
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

export class Workspace {
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

export const added = (files: Files, options?: NestAddOptions): Workspace => new Workspace(files).add(options);

/** The template without one of its files. */
export function without(path: string): Files {
  return Object.fromEntries(Object.entries(TEMPLATE).filter(([name]) => name !== path));
}

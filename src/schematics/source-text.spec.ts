import { describe, expect, it } from '@jest/globals';
import { withModuleImported } from './source-text.js';

const HEAD = "import { Module } from '@nestjs/common';\n";

function edited(text: string): string | undefined {
  return withModuleImported(text, { className: 'NudgeModule', specifier: './nudge.module' });
}

describe('adding a module to the imports of another', () => {
  it.each([
    ['an empty list', '@Module({ imports: [] })', '@Module({ imports: [NudgeModule] })'],
    ['a list in one line', '@Module({ imports: [A, B] })', '@Module({ imports: [NudgeModule, A, B] })'],
    [
      'a list in several lines',
      '@Module({\n  imports: [\n    A,\n  ],\n})',
      '@Module({\n  imports: [\n    NudgeModule,\n    A,\n  ],\n})',
    ],
    ['an empty list with a space', '@Module({ imports: [ ] })', '@Module({ imports: [NudgeModule] })'],
    [
      'a list after an object with a list of the same name',
      '@Module({ providers: [{ imports: [X] }], imports: [A.forRoot({ imports: [X] })] })',
      '@Module({ providers: [{ imports: [X] }], imports: [NudgeModule, A.forRoot({ imports: [X] })] })',
    ],
    [
      'a list after a comment and a string that look like one',
      "@Module({ // imports: [X]\n  providers: [{ provide: 'imports: [' }],\n  imports: [A],\n})",
      "@Module({ // imports: [X]\n  providers: [{ provide: 'imports: [' }],\n  imports: [NudgeModule, A],\n})",
    ],
    [
      'no list',
      '@Module({\n  providers: [A],\n})',
      '@Module({\n  imports: [NudgeModule],\n  providers: [A],\n})',
    ],
  ])('edits %s', (_, before, after) => {
    const importLine = "import { NudgeModule } from './nudge.module';\n";
    expect(edited(`${HEAD}\n${before}\nexport class AppModule {}\n`)).toBe(
      `${HEAD}${importLine}\n${after}\nexport class AppModule {}\n`,
    );
  });

  it.each([
    ['imports are not a list', '@Module({ imports: MODULES })'],
    ['imports are a shorthand property', '@Module({ imports })'],
    ['the decorator has no object', '@Module(metadata)'],
    ['the object is empty', '@Module({})'],
    ['there are two modules', '@Module({ imports: [] }) class A {}\n@Module({ imports: [] }) class B {}'],
  ])('edits nothing if %s', (_, text) => {
    expect(edited(`${HEAD}${text}`)).toBeUndefined();
  });

  it('edits nothing if the file has no import line', () => {
    expect(edited('@Module({ imports: [] })')).toBeUndefined();
  });

  it('writes the import line in the style of the file, after its last import', () => {
    const text =
      'import { Module } from "@nestjs/common"\r\nimport {\r\n  A,\r\n  B,\r\n} from "./ab"\r\n@Module({ imports: [A] })';
    expect(edited(text)).toContain(
      '} from "./ab"\r\nimport { NudgeModule } from "./nudge.module"\r\n@Module',
    );
  });
});

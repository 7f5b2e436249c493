import { describe, expect, it } from '@jest/globals';
import { added, manifest, ON_NEST_12, TEMPLATE } from '../../test/support/nest-workspace.js';

describe('nest add and the peers', () => {
  it('adds the peers of Nest 11 to an application on Nest 11, and installs them', () => {
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

  it('adds the peers of Nest 12 to an application on Nest 12', () => {
    expect(added(ON_NEST_12).manifest.dependencies).toMatchObject({
      '@nestjs/axios': '^12.0.0',
      '@nestjs/config': '^12.0.0',
      '@nestjs/passport': '^12.0.0',
    });
  });

  it('follows the installed version of Nest, even if the range in package.json allows another', () => {
    const files = {
      ...TEMPLATE,
      'package.json': manifest({ '@nestjs/core': '>=11' }),
      'node_modules/@nestjs/core/package.json': '{ "version": "12.5.1" }',
    };
    expect(added(files).manifest.dependencies['@nestjs/axios']).toBe('^12.0.0');
  });

  it('replaces the ESM-only version 12 of a peer beside Nest 11, and says so', () => {
    const workspace = added({
      ...TEMPLATE,
      'package.json': manifest({ '@nestjs/config': '^12.0.1', '@nestjs/passport': '12.0.0' }),
    });
    expect(workspace.manifest.dependencies).toMatchObject({
      '@nestjs/config': '^4.0.0',
      '@nestjs/passport': '^11.0.0',
    });
    expect(workspace.messages).toContain(
      '@nestjs/config ^12.0.1 does not work with Nest 11: package.json now has ^4.0.0.',
    );
  });

  it('leaves a peer that fits already where it stands and as it is written', () => {
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

  it('installs nothing with --skip-install, and says what the user must do', () => {
    const workspace = added(TEMPLATE, { skipInstall: true });
    expect(workspace.tasks).toEqual([]);
    expect(workspace.messages.join()).toContain('npm install');
  });
});

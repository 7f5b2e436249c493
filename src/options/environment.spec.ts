import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnvironmentOptions } from './environment.js';

const KEY = 'obviously-fake-private-key';

describe('readEnvironmentOptions', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nudge-environment-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  async function fileOf(content: string | Buffer): Promise<string> {
    const path = join(folder, 'secret');
    await writeFile(path, content);
    return path;
  }

  it('reads every variable', () => {
    expect(
      readEnvironmentOptions({
        NUDGE_API_KEY: KEY,
        NUDGE_FALLBACK_API_KEY: 'obviously-fake-fallback-key',
        NUDGE_DEFAULT_EXPIRY_MINS: '90',
        NUDGE_BASE_URL: 'http://nudge.test/api',
        NUDGE_ALLOW_INSECURE_BASE_URL: 'true',
      }),
    ).toEqual({
      apiKey: KEY,
      fallbackApiKey: 'obviously-fake-fallback-key',
      defaultExpiryMins: 90,
      baseUrl: 'http://nudge.test/api',
      allowInsecureBaseUrl: true,
    });
  });

  it('treats an empty variable, which a compose file passes, as not set', () => {
    expect(
      readEnvironmentOptions({
        NUDGE_API_KEY: '',
        NUDGE_API_KEY_FILE: '',
        NUDGE_FALLBACK_API_KEY: '',
        NUDGE_DEFAULT_EXPIRY_MINS: '',
        NUDGE_BASE_URL: '',
        NUDGE_ALLOW_INSECURE_BASE_URL: '',
      }),
    ).toEqual({});
  });

  it('reads the file when the variable itself is empty', async () => {
    const path = await fileOf(`${KEY}\n`);
    const { apiKey } = readEnvironmentOptions({ NUDGE_API_KEY: '', NUDGE_API_KEY_FILE: path });
    expect(typeof apiKey === 'function' && (await apiKey())).toBe(KEY);
  });

  it.each([
    ['1', true],
    ['TRUE', true],
    ['0', false],
    ['false', false],
  ])('reads the flag "%s" as %s', (text, flag) => {
    expect(readEnvironmentOptions({ NUDGE_ALLOW_INSECURE_BASE_URL: text })).toEqual({
      allowInsecureBaseUrl: flag,
    });
  });

  it('refuses a flag that is neither true nor false', () => {
    expect(() => readEnvironmentOptions({ NUDGE_ALLOW_INSECURE_BASE_URL: 'yes' })).toThrow(
      'NUDGE_ALLOW_INSECURE_BASE_URL: must be true or false',
    );
  });

  it('returns NaN for a text that is not a number, so that the check of the option reports it', () => {
    expect(readEnvironmentOptions({ NUDGE_DEFAULT_EXPIRY_MINS: ' ' })).toEqual({ defaultExpiryMins: NaN });
    expect(readEnvironmentOptions({ NUDGE_DEFAULT_EXPIRY_MINS: '1h' })).toEqual({ defaultExpiryMins: NaN });
  });

  it.each([
    ['with a byte order mark', Buffer.from(`\ufeff${KEY}`)],
    ['in UTF-16', Buffer.from(`\ufeff${KEY}`, 'utf16le')],
  ])('refuses a file %s, without quoting it', async (_which, content) => {
    const path = await fileOf(content);
    const read = (): unknown => readEnvironmentOptions({ NUDGE_API_KEY_FILE: path });
    expect(read).toThrow(/NUDGE_API_KEY_FILE: names a file whose content (contains|begins with)/);
    expect(read).not.toThrow(KEY);
  });

  it('reads the new key after Kubernetes has replaced the folder of a mounted secret', async () => {
    for (const [version, key] of [
      ['v1', KEY],
      ['v2', 'obviously-fake-rotated-key'],
    ] as const) {
      await mkdir(join(folder, version));
      await writeFile(join(folder, version, 'key'), `${key}\n`);
    }
    await symlink('v1', join(folder, 'data'));
    await symlink('data/key', join(folder, 'key'));
    const { apiKey } = readEnvironmentOptions({ NUDGE_API_KEY_FILE: join(folder, 'key') });
    expect(typeof apiKey === 'function' && (await apiKey())).toBe(KEY);
    await symlink('v2', join(folder, 'data-next'));
    await rename(join(folder, 'data-next'), join(folder, 'data'));
    expect(typeof apiKey === 'function' && (await apiKey())).toBe('obviously-fake-rotated-key');
  });
});

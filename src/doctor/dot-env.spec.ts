import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dotEnvVariables } from './dot-env.js';

describe('the doctor and .env', () => {
  it('reads the first variable behind a byte order mark, as ConfigModule does', () => {
    const folder = mkdtempSync(join(tmpdir(), 'nudge-dot-env-'));
    try {
      writeFileSync(join(folder, '.env'), '\ufeffNUDGE_API_KEY=a-fake-key\r\nPORT=3000\r\n');
      expect(dotEnvVariables(folder)).toEqual({ NUDGE_API_KEY: 'a-fake-key' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

import { describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const FAILURE = { code: 'NUDGE_UNAVAILABLE' };

describe('the health indicator of the built package', () => {
  it.each([
    ['@nestjs/terminus', { status: 'degraded', ...FAILURE }],
    ['nestjs-terminus-11', { status: 'up', degraded: true, ...FAILURE }],
  ])('reports an outage to %s with a status that it supports', async (terminus, duringAnOutage) => {
    const { stdout } = await run(process.execPath, ['test/package/terminus-host.cjs', terminus]);
    expect(JSON.parse(stdout)).toEqual([{ status: 'up' }, duringAnOutage, { status: 'down', ...FAILURE }]);
  });
});

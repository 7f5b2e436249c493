import { describe, expect, it } from '@jest/globals';
import { retryAfterMs } from './retry-after.js';

const NOW_MS = Date.UTC(2031, 0, 1, 12);

describe('retryAfterMs', () => {
  it.each([
    { header: undefined, ms: undefined },
    { header: '', ms: undefined },
    { header: '0', ms: 0 },
    { header: '7', ms: 7_000 },
    { header: ' 7 ', ms: 7_000 },
    { header: '60', ms: 60_000 },
    { header: '61', ms: 60_000 },
    { header: '999999999999999999999', ms: 60_000 },
    { header: '-5', ms: undefined },
    { header: '1.5', ms: undefined },
    { header: '1e3', ms: undefined },
    { header: 'soon', ms: undefined },
    { header: 'in 2099', ms: undefined },
    { header: '2031-01-01T12:00:30Z', ms: undefined },
    { header: new Date(NOW_MS + 30_000).toUTCString(), ms: 30_000 },
    { header: new Date(NOW_MS + 3_600_000).toUTCString(), ms: 60_000 },
    { header: new Date(NOW_MS - 3_600_000).toUTCString(), ms: 0 },
    { header: 'Xyz, 99 Foo 2031 12:00:00 GMT', ms: undefined },
  ])('gives $ms for "$header"', ({ header, ms }) => {
    expect(retryAfterMs(header, NOW_MS)).toBe(ms);
  });
});

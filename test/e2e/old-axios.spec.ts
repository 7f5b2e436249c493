import { expect, it, jest } from '@jest/globals';

const { default: axios, ...names } = await import('axios');
const old = Object.assign(Object.create(axios) as object, { VERSION: '1.19.0' });
jest.unstable_mockModule('axios', () => ({ ...names, VERSION: '1.19.0', default: old }));

it('the boot stops if the installed axios could leak the API key', async () => {
  const { Host } = await import('../support/host.js');
  const nudge = { apiKey: 'obviously-fake-private-key', endpoint: false } as const;
  await expect(Host.start('express', { nudge })).rejects.toThrow(
    'nestjs-nudge-auth was given axios 1.19.0, which can give the Nudge API key away',
  );
});

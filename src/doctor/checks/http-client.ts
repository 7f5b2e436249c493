import axios from 'axios';
import { assertSafeAxios } from '../../vendor/safe-axios.js';
import { fail, pass, type Check } from '../check.js';

export const httpClientCheck: Check = {
  name: 'http-client',
  group: 'Runtime',
  asks: 'the version of axios that this package was given',
  needs: [],
  run() {
    // By member, because a release too old to have the name must reach the check, not fail as a module.
    // oxlint-disable-next-line import/no-named-as-default-member
    const version = axios.VERSION;
    try {
      assertSafeAxios(version);
      return pass(`axios ${version}`);
    } catch {
      return fail(
        `axios ${version} can give the API key away`,
        'Remove what forces it ("overrides" or "resolutions" in package.json), then install again.',
      );
    }
  },
};

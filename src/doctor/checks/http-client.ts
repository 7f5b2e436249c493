import axios from 'axios';
import { assertSafeAxios } from '../../vendor/safe-axios.js';
import { fail, pass, type Check } from '../check.js';

export const httpClientCheck: Check = {
  name: 'http-client',
  group: 'Runtime',
  asks: 'the version of axios that this package loads',
  needs: [],
  run() {
    // An old axios may lack the named export: as a named import it would fail before the check below.
    // oxlint-disable-next-line import/no-named-as-default-member
    const version = axios.VERSION;
    try {
      assertSafeAxios(version);
      return pass(`axios ${version}`);
    } catch {
      return fail(
        `axios ${version} can leak the API key`,
        'Remove the entry that forces this version ("overrides" or "resolutions" in package.json), then install again.',
      );
    }
  },
};

import { alarmsAbout } from '../../options/tls-alarm.js';
import { fail, pass, type Check } from '../check.js';

export const tlsVerificationCheck: Check = {
  name: 'tls-verification',
  group: 'Runtime',
  asks: 'whether this process verifies certificates',
  needs: [],
  run() {
    const [alarm] = alarmsAbout({ apiKey: '' });
    if (alarm === undefined) return pass('certificates are verified');
    return fail(
      'NODE_TLS_REJECT_UNAUTHORIZED=0 is set: the process accepts every certificate, also that of an attacker',
      'Remove the variable. For a private certificate authority, set NODE_EXTRA_CA_CERTS.',
    );
  },
};

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
      'NODE_TLS_REJECT_UNAUTHORIZED=0 is set: the process takes any certificate, and with it any impostor',
      'Remove the variable. Name a private certificate authority by NODE_EXTRA_CA_CERTS.',
    );
  },
};

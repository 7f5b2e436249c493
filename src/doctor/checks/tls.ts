import { SECOND_MS } from '../../common/durations.js';
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import { isIP } from 'node:net';
import { fail, pass, skip, type Check, type Finding } from '../check.js';
import type { DoctorContext } from '../context.js';
import { codeOf } from '../probes/connect.js';
import { hopTo, routeToNudge, type Route } from '../probes/route.js';
import { connectToNudge } from '../probes/tunnel.js';

interface Handshake {
  readonly certificate: PeerCertificate;
  readonly protocol: string | null;
  /** Why the certificate is not trusted. */
  readonly problem: string | undefined;
}

/**
 * Makes a TLS connection, on which it sends no data, and checks the certificate even if verification is switched off.
 */
async function handshake(route: Route, context: DoctorContext, signal: AbortSignal): Promise<Handshake> {
  const socket = await connectToNudge(route, context, signal);
  const { host } = hopTo(route.nudge);
  const ca = context.machine.certificateAuthorities;
  const tls = connect({
    socket,
    host,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca }),
    rejectUnauthorized: false,
  });
  try {
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(Object.assign(new Error('late'), { code: 'ETIMEDOUT' })));
      tls.once('error', reject).once('secureConnect', resolve);
      tls.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
    });
    return { certificate: tls.getPeerCertificate(), protocol: tls.getProtocol(), problem: problemOf(tls) };
  } finally {
    tls.destroy();
  }
}

/**
 * Why the certificate is not trusted. Node's types declare an `Error`, but mostly the value is the code as a string.
 */
function problemOf({ authorized, authorizationError }: TLSSocket): string | undefined {
  if (authorized) return undefined;
  const reason: unknown = authorizationError;
  return typeof reason === 'string' ? reason : codeOf(reason);
}

const PRIVATE_CA =
  'Either a private authority has issued the certificate, or a proxy on the way opens the connection. ' +
  'Give the authority that you trust as NODE_EXTRA_CA_CERTS=/path/to/ca.pem. Never switch verification off.';

function distrust(problem: string, host: string, certificate: PeerCertificate): Finding {
  const issuer = String(certificate.issuer?.O ?? certificate.issuer?.CN ?? 'no name');
  const shown = `the certificate of ${host} is not trusted (${problem}; issued by “${issuer}”)`;
  switch (problem) {
    case 'CERT_HAS_EXPIRED':
      return fail(
        `the certificate of ${host} has expired (until ${certificate.valid_to})`,
        "Check this machine's clock first. If it is right, the host has to renew its certificate.",
      );
    case 'CERT_NOT_YET_VALID':
      return fail(
        `the certificate of ${host} is not valid yet (from ${certificate.valid_from})`,
        "Check this machine's clock.",
      );
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return fail(
        `the certificate is for another host than ${host} (${certificate.subjectaltname ?? 'no name'})`,
        'Check the spelling of NUDGE_BASE_URL. If it is right, another server answers in place of Nudge: check DNS and the proxy.',
      );
    default:
      return fail(shown, PRIVATE_CA);
  }
}

export const tlsCheck: Check = {
  name: 'tls',
  group: 'Way to Nudge',
  asks: "whether the host's certificate is trusted",
  needs: ['tunnel', 'tcp'],
  limitMs: 5 * SECOND_MS,
  reachesNudge: true,
  async run(context, signal) {
    const route = await routeToNudge(context, signal);
    const { host } = hopTo(route.nudge);
    if (route.nudge.protocol === 'http:') return skip(`calls to ${host} use plain http`);
    try {
      const { certificate, protocol, problem } = await handshake(route, context, signal);
      if (problem !== undefined) return distrust(problem, host, certificate);
      return pass(`${host} is trusted (${protocol ?? 'TLS'}, until ${certificate.valid_to})`);
    } catch (error) {
      return fail(
        `no TLS with ${host} (${codeOf(error)})`,
        'Is it a port for https? A firewall or a proxy on the way may also cut such connections.',
      );
    }
  },
};

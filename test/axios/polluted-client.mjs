// Runs in a process of its own: it pollutes `Object.prototype` with one name after the other, and calls each route.
import { readFileSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { connect as connectSocket } from 'node:net';
import { inspect } from 'node:util';

const { clientModule, pollutions, routes, thief, certificates } = JSON.parse(readFileSync(0, 'utf8'));
const { connect } = await import(clientModule);

/** Every name leads to this machine, and to the port that the URL names. */
const lookup = (_name, options, callback) => {
  if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};

const argumentsOfThieves = [];
const thieves = {
  'a function that connects': (...args) => {
    argumentsOfThieves.push(args);
    return connectSocket(thief.port, thief.host);
  },
  'a function that agrees': (...args) => void argumentsOfThieves.push(args),
  'a lookup': (_name, options, callback) =>
    options?.all ? callback?.(null, [{ address: thief.host, family: 4 }]) : callback?.(null, thief.host, 4),
  'an address': { protocol: 'http:', host: thief.host, hostname: thief.host, port: thief.port },
  'an agent': new (class extends HttpAgent {
    createConnection() {
      return connectSocket(thief.port, thief.host);
    }
  })(),
  'a transport': { request: (options) => void argumentsOfThieves.push([options]) },
  'a URL': `http://${thief.host}:${thief.port}`,
  'a host': thief.host,
  'a port': thief.port,
  'a socket path': thief.path,
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

/** What is polluted may leave the process without anything to wait for. */
setInterval(() => {}, 1_000);

const parentOfAll = Object.getPrototypeOf({});
const leaks = [];
for (const [name, kind] of pollutions) {
  const keyOf = (route) => `${thief.keyPrefix}|${route.name}|${name}|${kind}|`;
  const calls = routes.map((route) => prepare(route, keyOf(route)));
  argumentsOfThieves.length = 0;
  const value = thieves[kind];
  Object.defineProperty(parentOfAll, name, {
    __proto__: null,
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
  await Promise.allSettled(calls.map(async (call) => call()));
  delete parentOfAll[name];
  const stolen = inspect(argumentsOfThieves, { depth: 6, maxArrayLength: 50, maxStringLength: 20_000 });
  for (const route of routes) if (stolen.includes(keyOf(route))) leaks.push(keyOf(route));
}
process.stdout.write(JSON.stringify(leaks), () => process.exit(0));

import type { Redis } from 'ioredis';
import { freePort, RedisServer } from './redis-server.js';
import { until } from './until.js';

const SLOTS = 16_384;
const MASTERS = 3;
const NODE_TIMEOUT_MS = 1_000;

interface Node {
  readonly server: RedisServer;
  readonly busPort: number;
  readonly client: Redis;
}

async function startNode(): Promise<Node> {
  const busPort = await freePort();
  const server = await RedisServer.start(
    '--cluster-enabled',
    'yes',
    '--cluster-port',
    `${busPort}`,
    '--cluster-node-timeout',
    `${NODE_TIMEOUT_MS}`,
    '--cluster-replica-validity-factor',
    '0',
  );
  return { server, busPort, client: server.client() };
}

/** A cluster of three masters. Each has a replica that replaces the master when it dies. */
export class RedisCluster {
  readonly #nodes: readonly Node[];

  private constructor(nodes: readonly Node[]) {
    this.#nodes = nodes;
  }

  static async start(): Promise<RedisCluster> {
    const nodes = await Promise.all(Array.from({ length: MASTERS * 2 }, startNode));
    const cluster = new RedisCluster(nodes);
    const [first, ...others] = nodes;
    for (const { server, busPort } of others) {
      await first?.client.call('CLUSTER', 'MEET', '127.0.0.1', server.port, busPort);
    }
    for (const [index, { client }] of nodes.slice(0, MASTERS).entries()) {
      const from = Math.ceil((index * SLOTS) / MASTERS);
      const to = Math.ceil(((index + 1) * SLOTS) / MASTERS) - 1;
      await client.call('CLUSTER', 'ADDSLOTSRANGE', from, to);
    }
    await cluster.#everyNode('knows all others', async ({ client }) => {
      const info = await client.cluster('INFO');
      return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${MASTERS * 2}`);
    });
    for (const [index, { client }] of nodes.slice(MASTERS).entries()) {
      const master = (await nodes[index]?.client.cluster('MYID')) ?? '';
      await client.call('CLUSTER', 'REPLICATE', master);
    }
    await cluster.#everyNode('has its replica', async ({ client }) => {
      const info = await client.info('replication');
      return /master_link_status:up|connected_slaves:1/.test(info);
    });
    return cluster;
  }

  get nodes(): { host: string; port: number }[] {
    return this.#nodes.map(({ server }) => ({ host: '127.0.0.1', port: server.port }));
  }

  /** Clients for the test, one for each node. */
  get clients(): Redis[] {
    return this.#nodes.map(({ client }) => client);
  }

  /** Kills the master that holds names that match the pattern. */
  async killOwnerOf(pattern: string): Promise<void> {
    for (const { server, client } of this.#nodes.slice(0, MASTERS)) {
      if ((await client.keys(pattern)).length === 0) continue;
      await server.kill();
      return;
    }
    throw new Error(`No master holds names that match ${pattern}`);
  }

  /** The number of living nodes that are masters. */
  async livingMasters(): Promise<number> {
    const roles = await Promise.all(
      this.#nodes
        .filter(({ client }) => client.status === 'ready')
        .map(async ({ client }) => /role:master/.test(await client.info('replication'))),
    );
    return roles.filter(Boolean).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#nodes.map(({ server }) => server[Symbol.asyncDispose]()));
  }

  async #everyNode(what: string, condition: (node: Node) => Promise<boolean>): Promise<void> {
    for (const node of this.#nodes) await until(`each node ${what}`, () => condition(node));
  }
}

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const WATCH = fileURLToPath(new URL('redis-watch.js', import.meta.url));

const HOW_TO_GET_IT = `
There is no redis-server on the PATH. Each of these commands installs or starts one:

  sudo apt-get install redis-server                      Debian, Ubuntu
  brew install redis                                     macOS
  docker run --rm -p 6379:6379 redis:7                   then: REDIS_URL=redis://127.0.0.1:6379 npm run start:fleet
`;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Demo only: a Redis in a child process that keeps nothing on disk. */
export class RedisProcess {
  #child: ChildProcess | undefined;

  private constructor(private readonly port: number) {}

  static async start(): Promise<RedisProcess> {
    const redis = new RedisProcess(await freePort());
    await redis.launch();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  async launch(): Promise<void> {
    if (this.#child !== undefined) return;
    const args = ['--port', `${this.port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    // A separate process group, because Ctrl-C and a closed terminal would otherwise end Redis at once too.
    const child = spawn(process.execPath, [WATCH, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true,
    });
    this.#child = child;
    child.once('exit', () => {
      if (this.#child === child) this.#child = undefined;
    });
    for await (const line of createInterface(child.stdout)) {
      if (!line.includes('Ready to accept connections')) continue;
      child.stdout.resume();
      return;
    }
    throw new Error(HOW_TO_GET_IT);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.stdin?.end();
    await ended;
  }
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** For each example folder, the script that builds it and the built main file. */
const BUILDS = {
  '01-quick-start': { script: 'build:examples', main: 'main.js' },
  '02-fleet': { script: 'build:fleet', main: 'main.js' },
  '04-tenants': { script: 'build:tenants', main: '04-tenants/main.js' },
} as const;
export type ExampleName = keyof typeof BUILDS;

function mainOf(name: ExampleName): string {
  return fileURLToPath(new URL(`../../examples/${name}/dist/${BUILDS[name].main}`, import.meta.url));
}

interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export function assertExampleIsBuilt(name: ExampleName = '01-quick-start'): void {
  if (existsSync(mainOf(name))) return;
  throw new Error(`The example is not built: npm run build && npm run ${BUILDS[name].script}`);
}

/** The built example in a separate process. */
export class Example {
  readonly #child;
  readonly #ended: Promise<Ending>;
  readonly #lines: string[] = [];
  #errors = '';

  constructor(port: string, name: ExampleName = '01-quick-start') {
    // The variables that the shell may have set for a real Nudge or Redis are overridden.
    const env = {
      ...process.env,
      PORT: port,
      NUDGE_BASE_URL: 'https://nudge.invalid',
      REDIS_URL: undefined,
      NODE_OPTIONS: '',
    };
    this.#child = spawn(process.execPath, [mainOf(name)], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#errors += text));
    this.#ended = once(this.#child, 'close').then(([code, signal]) => ({ code, signal }));
  }

  get errors(): string {
    return this.#errors;
  }

  /** The URLs in the banner. Throws if the example ends before it has printed the banner. */
  async banner(): Promise<{ page: string; endpoint: string; emulator: string }> {
    for await (const line of createInterface(this.#child.stdout)) {
      this.#lines.push(line);
      if (line.includes('Ctrl-C')) break;
    }
    this.#child.stdout.resume();
    const urlAfter = (label: string): string => {
      const url = new RegExp(`${label} +(http://\\S+)`).exec(this.#lines.join('\n'))?.[1];
      if (url === undefined) throw new Error(`No ${label} in the banner; the example said: ${this.#errors}`);
      return url;
    };
    return { page: urlAfter('Page'), endpoint: urlAfter('Endpoint'), emulator: urlAfter('Emulator') };
  }

  kill(signal: NodeJS.Signals): Promise<Ending> {
    this.#child.kill(signal);
    return this.#ended;
  }

  end(): Promise<Ending> {
    return this.#ended;
  }
}

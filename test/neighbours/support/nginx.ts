import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

/** Starts Debian's nginx in the foreground with the given `http` block. It writes only into a temporary folder. */
export async function startNginx(
  port: number,
  http: (folder: string) => string,
): Promise<{ stop: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'nudge-neighbours-nginx-'));
  // If this process runs as root, nginx runs its workers as another user, who must read the folder.
  await chmod(folder, 0o755);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const config = `daemon off; pid ${folder}/pid; worker_processes 1; error_log stderr warn;
    events {}
    http { access_log off; ${temporary.join(' ')} ${http(folder)} }`;
  await writeFile(join(folder, 'nginx.conf'), config);
  const nginx = spawn('/usr/sbin/nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  nginx.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const ended = once(nginx, 'exit');
  while (!(await isOpen(port))) {
    if (nginx.exitCode !== null) throw new Error(`nginx ended with ${nginx.exitCode}:\n${errors}`);
  }
  return {
    stop: async () => {
      nginx.kill();
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    await setImmediate();
    return false;
  } finally {
    socket.destroy();
  }
}

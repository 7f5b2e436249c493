const LOOK_EVERY_MS = 500;

/**
 * Demo only: ends this process when the shell of `npm run` has ended. Ctrl-C reaches all processes, but a signal that
 * is sent only to npm ends that shell and would leave this process on the port.
 */
export function endWithNpm(): void {
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const shell = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, LOOK_EVERY_MS);
  timer.unref();
}

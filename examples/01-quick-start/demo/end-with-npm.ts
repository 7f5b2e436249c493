const LOOK_EVERY_MS = 500;

/**
 * Demo only: ends this process when the shell that `npm run` put around it is gone. Ctrl-C reaches all of them, but
 * a signal sent to npm alone stops at that shell, and would leave the port taken.
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

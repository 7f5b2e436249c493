import cluster from 'node:cluster';
import { runPrimary } from './demo/primary.js';
import { runWorker } from './demo/worker.js';

// Four processes behind one port, like four containers behind a load balancer.
const run = cluster.isPrimary ? runPrimary : runWorker;

run().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
  if (!cluster.isPrimary) process.exit();
});

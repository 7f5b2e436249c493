import { lookup } from 'node:dns';
import { systemClock } from '../common/clock.js';
import type { DoctorMachine } from './context.js';

/** This machine. */
export const thisMachine: DoctorMachine = {
  clock: systemClock,
  nodeVersion: process.versions.node,
  workingDirectory: process.cwd(),
  lookup,
  loadRedisClient: () => import('../redis/own-client.js'),
};

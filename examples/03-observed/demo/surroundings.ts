import type { RedisProcess } from '../../02-fleet/demo/redis-process.js';
import type { DemoUser } from './demo-user.js';
import type { PrometheusProcess } from './prometheus-process.js';

/** Demo only: what runs beside the application. Prometheus and the user start when the application has an address. */
export class Surroundings {
  prometheus: PrometheusProcess | undefined;
  user: DemoUser | undefined;

  constructor(readonly redis: RedisProcess) {}

  async stop(): Promise<void> {
    this.user?.leave();
    await Promise.all([this.prometheus?.stop(), this.redis.stop()]);
  }
}

import { Controller, Get, Module, Req, Res } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { prometheusExporter } from './telemetry.js';

@Controller('metrics')
class MetricsController {
  /** For Prometheus. Keep this route off the internet, with another port or in the load balancer. */
  @Get()
  metrics(@Req() request: IncomingMessage, @Res() response: ServerResponse): void {
    prometheusExporter.getMetricsRequestHandler(request, response);
  }
}

@Module({ controllers: [MetricsController] })
export class MetricsModule {}

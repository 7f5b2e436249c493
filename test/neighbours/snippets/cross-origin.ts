import type { INestApplication } from '@nestjs/common';

export function allowOrigin(app: INestApplication, origin: string): void {
  app.enableCors({
    origin: [origin], // never `true` together with credentials
    credentials: true,
    exposedHeaders: ['Retry-After', 'Retry-After-user', 'Nudge-Auth-Error'],
  });
}

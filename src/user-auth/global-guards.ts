import type { ModuleRef } from '@nestjs/core';

/** Nest's configuration of an application, as far as it is needed here. */
interface ApplicationConfig {
  getGlobalGuards(): readonly unknown[];
  /** Those of request scope. */
  getGlobalRequestGuards(): readonly unknown[];
}

/** Whether guards stand before every route: by `APP_GUARD` or `useGlobalGuards`. */
export function hasGlobalGuards(moduleRef: ModuleRef): boolean {
  // Nest offers no other way to its configuration.
  const { applicationConfig } = Reflect.get(moduleRef, 'container') as {
    applicationConfig: ApplicationConfig;
  };
  return (
    applicationConfig.getGlobalGuards().length > 0 || applicationConfig.getGlobalRequestGuards().length > 0
  );
}

import type { ModuleRef } from '@nestjs/core';

/** The part of Nest's configuration of an application that is used here. */
interface ApplicationConfig {
  getGlobalGuards(): readonly unknown[];
  /** The global guards of request scope. */
  getGlobalRequestGuards(): readonly unknown[];
}

/** Whether the application has global guards, by `APP_GUARD` or `useGlobalGuards`. */
export function hasGlobalGuards(moduleRef: ModuleRef): boolean {
  // Nest has no public access to its configuration.
  const { applicationConfig } = Reflect.get(moduleRef, 'container') as {
    applicationConfig: ApplicationConfig;
  };
  return (
    applicationConfig.getGlobalGuards().length > 0 || applicationConfig.getGlobalRequestGuards().length > 0
  );
}

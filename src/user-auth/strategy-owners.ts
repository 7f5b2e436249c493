import type { ModulesContainer } from '@nestjs/core';
import { isStrategy, type Strategy } from './passport-registry.js';

/*
 * All applications of a process share one passport, and it never forgets a strategy by itself. So this file remembers
 * which application a strategy belongs to. It keeps no running, closed or failed application in memory.
 */

/** Stands for an application of this process. */
interface Application {
  isClosed: boolean;
}

interface Ownership {
  readonly application: Application;
  /** A provider never serves another application. A strategy made by hand may, once its application has closed. */
  readonly isProvider: boolean;
}

type StrategyOwner = 'none' | 'this application' | 'another application' | 'a closed application';

const applications = new WeakMap<ModulesContainer, Application>();
const owners = new WeakMap<Strategy, Ownership>();
const known = new Set<WeakRef<ModulesContainer>>();

/**
 * The applications that have begun to boot and may have failed. They must not be garbage-collected before the next boot
 * has seen which strategies they left in passport.
 */
const booting = new Set<ModulesContainer>();

function applicationOf(modules: ModulesContainer): Application {
  const application = applications.get(modules);
  if (application !== undefined) return application;
  const noted = { isClosed: false };
  applications.set(modules, noted);
  known.add(new WeakRef(modules));
  return noted;
}

function isProvidedStrategy(instance: unknown): instance is Strategy {
  try {
    return isStrategy(instance);
  } catch {
    // The provider is a proxy that works only within a request, so it is not a strategy.
    return false;
  }
}

/** The strategies that are providers of an application. */
export function strategiesAmong(modules: ModulesContainer): Strategy[] {
  return [...modules.values()].flatMap((module) =>
    [...module.providers.values()].map(({ instance }): unknown => instance).filter(isProvidedStrategy),
  );
}

/** Lazy modules may add providers at any time, so this looks at every application again. */
function claimProviders(): void {
  for (const reference of known) {
    const modules = reference.deref();
    if (modules === undefined) {
      known.delete(reference);
      continue;
    }
    const application = applicationOf(modules);
    for (const strategy of strategiesAmong(modules)) owners.set(strategy, { application, isProvider: true });
  }
}

/** Records that an application begins to boot. The strategies of earlier applications are assigned to them first. */
export function noteBoot(modules: ModulesContainer): void {
  applicationOf(modules);
  claimProviders();
  booting.clear();
  booting.add(modules);
}

/** Records that an application has booted. */
export function noteBootstrap(modules: ModulesContainer): void {
  booting.delete(modules);
}

/** Records that an application closes. Its strategies stay in passport, but no application may use its providers. */
export function noteClose(modules: ModulesContainer): void {
  claimProviders();
  booting.delete(modules);
  applicationOf(modules).isClosed = true;
}

export function ownerOf(modules: ModulesContainer, strategy: Strategy): StrategyOwner {
  claimProviders();
  const ownership = owners.get(strategy);
  if (ownership === undefined) return 'none';
  if (ownership.application === applicationOf(modules)) return 'this application';
  if (!ownership.application.isClosed) return 'another application';
  return ownership.isProvider ? 'a closed application' : 'none';
}

/** Assigns a strategy that was made by hand to the application that uses it, until that application closes. */
export function claimStrategy(modules: ModulesContainer, strategy: Strategy): void {
  if (ownerOf(modules, strategy) === 'none') {
    owners.set(strategy, { application: applicationOf(modules), isProvider: false });
  }
}

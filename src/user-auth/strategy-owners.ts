import type { ModulesContainer } from '@nestjs/core';
import { isStrategy, type Strategy } from './passport-registry.js';

/*
 * passport is one per process, and what is registered stays in it for ever. So this file remembers which application a
 * strategy belongs to. It keeps no application alive that is up, closed or failed.
 */

/** Stands for an application of this process. */
interface Application {
  isClosed: boolean;
}

interface Ownership {
  readonly application: Application;
  /** A provider of the application is of no use to others, ever. What was made by hand is, once that one has closed. */
  readonly isProvider: boolean;
}

type StrategyOwner = 'none' | 'this application' | 'another application' | 'a closed application';

const applications = new WeakMap<ModulesContainer, Application>();
const owners = new WeakMap<Strategy, Ownership>();
const known = new Set<WeakRef<ModulesContainer>>();

/**
 * Of the applications that have begun to boot, those that may have failed: until the next boot has seen what they left
 * in passport, they must not be collected.
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
    // A proxy that stands for something else within a request only: no strategy.
    return false;
  }
}

/** The strategies that are providers of an application. */
export function strategiesAmong(modules: ModulesContainer): Strategy[] {
  return [...modules.values()].flatMap((module) =>
    [...module.providers.values()].map(({ instance }): unknown => instance).filter(isProvidedStrategy),
  );
}

/** Lazy modules bring providers at any time: it asks every application anew. */
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

/** An application begins to boot. What earlier ones have made is theirs, whether or not they came up. */
export function noteBoot(modules: ModulesContainer): void {
  applicationOf(modules);
  claimProviders();
  booting.clear();
  booting.add(modules);
}

/** An application is up. */
export function noteBootstrap(modules: ModulesContainer): void {
  booting.delete(modules);
}

/** An application closes: its strategies stay in passport, but are of no use any more. */
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

/** An application uses a strategy that was made by hand: until it closes, no other one takes it for its own. */
export function claimStrategy(modules: ModulesContainer, strategy: Strategy): void {
  if (ownerOf(modules, strategy) === 'none') {
    owners.set(strategy, { application: applicationOf(modules), isProvider: false });
  }
}

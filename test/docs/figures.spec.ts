import { describe, expect, it } from '@jest/globals';
import { sectionOf, textOf } from './pages.js';

interface Simulated {
  readonly pods: number;
  readonly pattern: 'even' | 'burst';
  readonly clients: string;
  readonly outage: boolean;
  readonly callsPerHour: number;
  readonly callsDuringOutage?: number;
  readonly maxAtOnce: number;
  readonly peakToMean: number;
  readonly recoveryPeakToMean?: number;
}

interface Measured {
  readonly redis: { readonly result: { readonly users: number; readonly bytesPerUser: number } };
  readonly endpoint: {
    readonly result: {
      readonly groups: readonly {
        readonly adapter: string;
        readonly requestsPerSecond: { readonly endpoint: { readonly median: number } };
      }[];
    };
  };
}

const jsonOf = (path: string): unknown => JSON.parse(textOf(path));
const english = (value: number): string => value.toLocaleString('en-US');
const downTo = (step: number, value: number): string => english(Math.floor(value / step) * step);
const upToTenth = (value: number): string => (Math.ceil(value * 10) / 10).toFixed(1);

/** A page's text with one space in place of each line break and each row of spaces. */
const flat = (text: string): string => text.replaceAll(/\s+/g, ' ');

describe('the page of the fleet, about a million clients,', () => {
  const { results } = jsonOf('docs/fleet-simulation.json') as { results: readonly Simulated[] };
  const module = results.filter(({ clients }) => clients !== 'at expiry');
  const section = flat(sectionOf('docs/fleet.md', '## A million clients'));

  it('has the figures of the simulation without an outage, which are the same for any number of pods', () => {
    const usual = module.filter(({ outage }) => !outage);
    const peaks = (['even', 'burst'] as const).map((wanted) => {
      const found = usual.filter(({ pattern }) => pattern === wanted).map(({ peakToMean }) => peakToMean);
      return [...new Set(found)].join();
    });
    const same = (of: (row: Simulated) => number): string => [...new Set(usual.map(of))].join();
    const pods = [...new Set(usual.map((row) => row.pods))];
    const cells = [
      `${pods.slice(0, -1).join(', ')} or ${pods.at(-1)}`,
      same(({ callsPerHour }) => callsPerHour),
      same(({ maxAtOnce }) => maxAtOnce),
      ...peaks,
    ];
    expect(section).toContain(`| ${cells.join(' | ')} |`);
  });

  it('has the figures of the simulation with an outage', () => {
    const outages = module.filter(({ outage }) => outage);
    const peak = Math.max(...outages.map(({ recoveryPeakToMean = 0 }) => recoveryPeakToMean));
    expect(section).toContain(`at most ${upToTenth(peak)} times the mean`);
    const most = outages.find(({ pods }) => pods === 1_000)?.callsDuringOutage ?? 0;
    expect(section).toContain(`1,000 pods make ${downTo(100, most)} calls in ten minutes`);
  });
});

describe('the pages of the fleet and the runbook', () => {
  const measured = {
    redis: jsonOf('bench/results/redis-memory.json'),
    endpoint: jsonOf('bench/results/endpoint.json'),
  } as Measured;
  const [fleet, runbook] = ['docs/fleet.md', 'docs/runbook.md'].map((page) => flat(textOf(page)));

  it("have the measured size of a user's record in Redis", () => {
    const { users, bytesPerUser } = measured.redis.result;
    const bytes = `${english(Math.round(bytesPerUser / 10) * 10)} bytes for each user`;
    const total = `${Math.round((users * bytesPerUser) / 1e6)} MB for ${english(users)} users`;
    for (const page of [fleet, runbook]) {
      expect(page).toContain(bytes);
      expect(page).toContain(total);
    }
  });

  it('have the measured requests of a core, rounded down', () => {
    const least = (wanted: string): number =>
      Math.min(
        ...measured.endpoint.result.groups
          .filter(({ adapter }) => adapter === wanted)
          .map(({ requestsPerSecond }) => requestsPerSecond.endpoint.median),
      );
    const express = downTo(1_000, least('express'));
    const fastify = downTo(10_000, least('fastify'));
    expect(fleet).toContain(
      `about ${express} guarded requests a second and core with Express, ${fastify} with Fastify`,
    );
    expect(runbook).toContain(`about ${express} requests a second with Express, ${fastify} with Fastify`);
  });
});

import type { Recorded } from './results.js';
import type { Summary } from './statistics.js';
import type { Results } from './targets.js';

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

export function spread({ median, lowest, highest }: Summary, format = whole): string {
  return `${format(median)} (${format(lowest)}–${format(highest)})`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

export function source({ command, measuredAt, machine }: Recorded<keyof Results>): string {
  const { processor, cores, node, system } = machine;
  return `\`${command}\`, ${measuredAt.slice(0, 16).replace('T', ' ')} UTC, ${processor}, ${cores} cores, ${system}, Node ${node}`;
}

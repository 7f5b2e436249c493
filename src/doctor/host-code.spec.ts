import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { errorKindOf } from '../common/error-kind.js';
import { takeProcess } from './host-code.js';

function processParts() {
  const codes: unknown[] = [];
  const exit = (code?: unknown): never => {
    codes.push(code);
    throw new Error('the process has ended');
  };
  return { stdout: new PassThrough(), stderr: new PassThrough(), exit, codes };
}

const textOf = (stream: PassThrough): string => String((stream.read() as Buffer | null) ?? '');

describe('code of the host, after the command line has taken the process', () => {
  it('prints nothing, and learns that its text is written', async () => {
    const parts = processParts();
    const own = takeProcess(parts);
    for (const stream of [parts.stdout, parts.stderr]) {
      await new Promise<void>((resolve) => stream.write('canary', () => resolve()));
      await new Promise<void>((resolve) => stream.write('canary', 'utf8', () => resolve()));
    }
    own.print('{}');
    own.printError('Stopped.');
    expect([textOf(parts.stdout), textOf(parts.stderr)]).toEqual(['{}', 'Stopped.']);
  });

  it('cannot end the process: the command line alone can', () => {
    const parts = processParts();
    const own = takeProcess(parts);
    const exit: (code?: number) => never = (code) => parts.exit(code);
    expect(() => exit(0)).toThrow('The file of --config must not end the process');
    expect(parts.codes).toEqual([]);
    expect(() => own.exit(1)).toThrow('the process has ended');
    expect(parts.codes).toEqual([1]);
  });

  it('is told apart by the kind of its error', () => {
    const parts = processParts();
    takeProcess(parts);
    let thrown: unknown;
    try {
      parts.exit(0);
    } catch (error) {
      thrown = error;
    }
    expect(errorKindOf(thrown)).toBe('process.exit was called');
  });

  it('does not keep the command line from waiting until its own text is written', async () => {
    const parts = processParts();
    const own = takeProcess(parts);
    const written = new Promise<void>((resolve) => own.print('{}', resolve));
    await once(parts.stdout, 'readable');
    await written;
  });
});

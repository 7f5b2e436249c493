import {
  EmulatorInputError,
  parse,
  problem,
  problemsOf,
  unknownAccount,
  type Parsed,
} from '../input-error.js';
import { FAULT_CATALOGUE, FAULT_LAYERS, type EmulatorFault, type FaultLayer } from './fault-catalogue.js';

/**
 * Parses the faults in a value: one fault, or a list. A list may contain lists.
 *
 * @throws {EmulatorInputError} when a fault is wrong: an unknown kind or field, a value out of range, an account that
 *   is not in `accounts`, or a fault that can never be reached because a fault without `times` stands before it in the
 *   same layer. The error lists every problem.
 */
export function parseFaults(input: unknown, accounts: readonly string[]): EmulatorFault[] {
  const list = listOf(input);
  const parsed = readFaults(list, accounts);
  if ('value' in parsed) return parsed.value;
  throw new EmulatorInputError(list.length === 1 ? 'fault' : 'faults', parsed.problems);
}

/**
 * Does the same without throwing.
 *
 * @param path the path of the value.
 */
export function readFaults(
  input: unknown,
  accounts: readonly string[],
  path: readonly PropertyKey[] = [],
): Parsed<EmulatorFault[]> {
  const list = listOf(input);
  const pathOf = (index: number): readonly PropertyKey[] => (list.length === 1 ? path : [...path, index]);
  const parsed = list.map((each, index) => readFault(each, accounts, pathOf(index)));
  const faults = parsed.flatMap((each) => ('value' in each ? [each.value] : []));
  const problems = parsed.flatMap(problemsOf);
  if (problems.length === 0) problems.push(...unreachable(faults, pathOf));
  return problems.length === 0 ? { value: faults } : { problems };
}

function listOf(input: unknown): readonly unknown[] {
  return Array.isArray(input) ? input.flat() : [input];
}

function readFault(
  input: unknown,
  accounts: readonly string[],
  path: readonly PropertyKey[],
): Parsed<EmulatorFault> {
  if (typeof input !== 'object' || input === null) {
    return { problems: [problem(path, 'must be an object such as {"kind":"status","status":503}')] };
  }
  const kind: unknown = Reflect.get(input, 'kind');
  const declared = typeof kind === 'string' ? FAULT_CATALOGUE.get(kind) : undefined;
  if (declared === undefined) {
    const kinds = [...FAULT_CATALOGUE.keys()].join(', ');
    return { problems: [problem([...path, 'kind'], `must be one of ${kinds}`)] };
  }
  const parsed = parse(declared.schema, input, path);
  const account = 'value' in parsed ? parsed.value.only?.account : undefined;
  if (account === undefined || accounts.includes(account)) return parsed;
  return { problems: [problem([...path, 'only', 'account'], unknownAccount(accounts))] };
}

function unreachable(
  faults: readonly EmulatorFault[],
  pathOf: (index: number) => readonly PropertyKey[],
): string[] {
  const endless = new Set<FaultLayer>();
  return faults.flatMap(({ kind, times, only }, index) => {
    const layer = FAULT_LAYERS[kind];
    if (endless.has(layer)) {
      const reason = `a fault of the same layer (${layer}) without "times" stands before it`;
      return [problem(pathOf(index), `can never be reached: ${reason}`)];
    }
    if (times === undefined && only === undefined) endless.add(layer);
    return [];
  });
}

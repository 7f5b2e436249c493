import * as v from 'valibot';
import { unknownOption } from '../common/nearest-name.js';

type NameOf<Options> = Options extends unknown ? keyof Options : never;
type ValueOf<Options, Name> = Options extends unknown
  ? Name extends keyof Options
    ? Options[Name]
    : never
  : never;

/** A schema for each of the options and for nothing else. For a union: for the options of every member. */
export type Declarations<Options> = {
  readonly [Name in NameOf<Options>]: v.GenericSchema<ValueOf<Options, Name>, unknown>;
};

/** Reports a problem of the option at this path below the object; an empty path is the object itself. */
export type Report = (path: readonly PropertyKey[], message: string) => void;

/** A rule between several options. It also runs when an option breaks its own rule. */
export type RuleBetweenOptions = (given: Readonly<Record<string, unknown>>, report: Report) => void;

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * An object of these options and no others, with their defaults. Functions stay bound to the given object.
 *
 * @param must the message for a value that is not an object.
 * @param rules run even if an option breaks its own rule, so that one error reports every problem.
 */
export function optionsOf<const Entries extends v.ObjectEntries>(
  entries: Entries,
  must = 'must be an object',
  ...rules: readonly RuleBetweenOptions[]
) {
  type Input = v.InferInput<v.ObjectSchema<Entries, undefined>>;
  type Output = v.InferOutput<v.ObjectSchema<Entries, undefined>>;
  // The message for a missing option says what the option must be, like the message for a wrong one.
  const missing = ({ path }: v.BaseIssue<unknown>): string => {
    const schema = entries[String(path?.[0].key)];
    const issues = schema && v.safeParse(schema, undefined).issues;
    return issues?.[0].message ?? must;
  };
  const checked = v.pipe(
    v.looseObject(entries, missing),
    v.rawCheck(({ dataset, addIssue }) => {
      const report: Report = (path, message) => {
        const [first, ...rest] = path.map(pathItem);
        addIssue({ message, path: first && [first, ...rest] });
      };
      for (const rule of [onlyTheOptions(Object.keys(entries)), ...rules])
        rule(dataset.value as Record<string, unknown>, report);
    }),
  ) as unknown as v.GenericSchema<Input, Output>;
  return v.pipe(
    v.custom<Input>(isObject, must),
    v.lazy((given) =>
      v.pipe(
        checked,
        v.transform((copy) => withBoundMethods(copy, given)),
      ),
    ),
  );
}

function onlyTheOptions(names: readonly string[]): RuleBetweenOptions {
  return (given, report) => {
    for (const name of Object.keys(given)) {
      if (!names.includes(name)) report([name], unknownOption(name, names));
    }
  };
}

function withBoundMethods<Options>(options: Options, given: unknown): Options {
  const entries = Object.entries(options as object).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'function' ? (value.bind(given) as unknown) : value,
  ]);
  return Object.fromEntries(entries) as Options;
}

function pathItem(key: PropertyKey): v.UnknownPathItem {
  return { type: 'unknown', origin: 'value', input: undefined, key, value: undefined };
}

/** `false`, or a value that the schema accepts. */
export function falseOr<Schema extends v.GenericSchema>(schema: Schema) {
  return v.lazy((input) => (input === false ? v.literal(false) : schema));
}

/** A whole number within bounds. One message says for every wrong value what it must be. */
export function wholeNumber(bounds: { min: number; max: number; unit: string; hint?: string }) {
  const { min, max, unit, hint = '' } = bounds;
  const isWithin = (input: unknown): boolean =>
    typeof input === 'number' && Number.isInteger(input) && input >= min && input <= max;
  return v.pipe(
    v.custom<number>(isWithin, ({ input }) => {
      const asText = typeof input === 'string' ? ', given as a number: this is text' : '';
      return `must be a whole number of ${unit} from ${min} to ${max}${asText}${hint}`;
    }),
    v.metadata({ min, max }),
  );
}

export function flag() {
  return v.boolean('must be true or false');
}

/** A text that is not empty; `must` is the message for any other value. */
export function textThat(must: string) {
  return v.custom<string>((value) => typeof value === 'string' && value !== '', must);
}

/** A value for which the function returns no problem; the problem that it returns is the message. */
export function checkedBy<Type>(problemOf: (value: unknown) => string | undefined) {
  return v.custom<Type>(
    (value) => problemOf(value) === undefined,
    ({ input }) => String(problemOf(input)),
  );
}

/** A function; the message says what it does. */
export function functionThat<Signature>(does: string) {
  return v.custom<Signature>((value) => typeof value === 'function', `must be a function that ${does}`);
}

/** Any object; the message says what it must be. */
export function objectThat<Type extends object>(what: string) {
  return v.custom<Type>((value) => typeof value === 'object' && value !== null, `must be ${what}`);
}

/** A variable of the environment, and how to read it. */
export interface Variable {
  readonly name: string;
  readonly kind: 'key' | 'text' | 'number' | 'flag';
}

/** An option that `nudgeAuthConfig` can read from this variable of the environment. */
export function fromEnvironment<Schema extends v.GenericSchema>(
  name: string,
  kind: Variable['kind'],
  schema: Schema,
) {
  const variable: Variable = { name, kind };
  return v.pipe(schema, v.metadata({ variable }));
}

/** The variable of the environment from which `nudgeAuthConfig` can read an option. */
export function variableOf(schema: v.GenericSchema): Variable | undefined {
  return v.getMetadata(schema)['variable'] as Variable | undefined;
}

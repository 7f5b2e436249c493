import * as v from 'valibot';

type NameOf<Options> = Options extends unknown ? keyof Options : never;
type ValueOf<Options, Name> = Options extends unknown
  ? Name extends keyof Options
    ? Options[Name]
    : never
  : never;

/** A schema for each of the options, and for nothing else. Of a union, for those of every member. */
export type Declarations<Options> = {
  readonly [Name in NameOf<Options>]: v.GenericSchema<ValueOf<Options, Name>, unknown>;
};

/** Tells a problem of the options at this path below the object; an empty path is the object itself. */
export type Report = (path: readonly PropertyKey[], message: string) => void;

/** A rule between several options. It sees what is given whether or not each option is good by itself. */
export type RuleBetweenOptions = (given: Readonly<Record<string, unknown>>, report: Report) => void;

const UNKNOWN_OPTION = v.never('is not an option: remove it or check its spelling');

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * An object of these options and no others, with their defaults. Functions stay bound to the object that was given.
 *
 * @param must what is said of anything but an object.
 * @param rules run whatever else is wrong, so that all problems are reported at once.
 */
export function optionsOf<const Entries extends v.ObjectEntries>(
  entries: Entries,
  must = 'must be an object',
  ...rules: readonly RuleBetweenOptions[]
) {
  type Input = v.InferInput<v.ObjectSchema<Entries, undefined>>;
  type Output = v.InferOutput<v.ObjectSchema<Entries, undefined>>;
  // An option that is required and missing says what it must be, as a wrong one does.
  const missing = ({ path }: v.BaseIssue<unknown>): string => {
    const schema = entries[String(path?.[0].key)];
    const issues = schema && v.safeParse(schema, undefined).issues;
    return issues?.[0].message ?? must;
  };
  const checked = v.pipe(
    v.objectWithRest(entries, UNKNOWN_OPTION, missing),
    v.rawCheck(({ dataset, addIssue }) => {
      const report: Report = (path, message) => {
        const [first, ...rest] = path.map(pathItem);
        addIssue({ message, path: first && [first, ...rest] });
      };
      for (const rule of rules) rule(dataset.value as Record<string, unknown>, report);
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

/** `false`, or what the schema takes. */
export function falseOr<Schema extends v.GenericSchema>(schema: Schema) {
  return v.lazy((input) => (input === false ? v.literal(false) : schema));
}

/** A whole number within bounds; whatever is wrong with it, the sentence says what it must be. */
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

/** A text that is not empty, said by what it shall be. */
export function textThat(must: string) {
  return v.custom<string>((value) => typeof value === 'string' && value !== '', must);
}

/** A value that the function finds nothing wrong with; else what it says is the problem. */
export function checkedBy<Type>(problemOf: (value: unknown) => string | undefined) {
  return v.custom<Type>(
    (value) => problemOf(value) === undefined,
    ({ input }) => String(problemOf(input)),
  );
}

/** A function, said by what it does. */
export function functionThat<Signature>(does: string) {
  return v.custom<Signature>((value) => typeof value === 'function', `must be a function that ${does}`);
}

/** Any object, said by what it shall be. */
export function objectThat<Type extends object>(what: string) {
  return v.custom<Type>((value) => typeof value === 'object' && value !== null, `must be ${what}`);
}

/** A variable of the environment, and how it is read. */
export interface Variable {
  readonly name: string;
  readonly kind: 'key' | 'text' | 'number' | 'flag';
}

/** An option that `nudgeAuthConfig` takes from this variable of the environment, too. */
export function fromEnvironment<Schema extends v.GenericSchema>(
  name: string,
  kind: Variable['kind'],
  schema: Schema,
) {
  const variable: Variable = { name, kind };
  return v.pipe(schema, v.metadata({ variable }));
}

/** The variable of the environment that an option is taken from, too. */
export function variableOf(schema: v.GenericSchema): Variable | undefined {
  return v.getMetadata(schema)['variable'] as Variable | undefined;
}

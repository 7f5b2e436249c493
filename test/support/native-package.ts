import { constants, runInThisContext } from 'node:vm';

/**
 * A package that Node loads without jest. Before Node 24.9, jest cannot load a CommonJS package that requires an ES
 * module.
 */
export async function nativePackage(name: string): Promise<object> {
  const loaded: unknown = await runInThisContext(`import(${JSON.stringify(name)})`, {
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  return Object(loaded);
}

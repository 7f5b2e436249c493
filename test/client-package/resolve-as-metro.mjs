import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Runs only Metro's resolver, with React Native's settings: the whole of Metro would install 130 more packages. */
export function resolveAsMetro({ resolve }, { hasExports, originModulePath, specifier }) {
  const readPackage = (path) => (existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null);
  const { filePath } = resolve(
    {
      allowHaste: false,
      assetExts: new Set(),
      customResolverOptions: {},
      dev: false,
      disableHierarchicalLookup: false,
      doesFileExist: existsSync,
      extraNodeModules: null,
      fileSystemLookup: (path) =>
        existsSync(path)
          ? { exists: true, type: statSync(path).isDirectory() ? 'd' : 'f', realPath: path }
          : { exists: false },
      getPackage: readPackage,
      getPackageForModule: (path) => {
        for (let rootPath = path; rootPath !== dirname(rootPath); rootPath = dirname(rootPath)) {
          const packageJson = readPackage(join(rootPath, 'package.json'));
          if (packageJson)
            return { packageJson, rootPath, packageRelativePath: path.slice(rootPath.length + 1) };
        }
        return null;
      },
      isESMImport: true,
      mainFields: ['react-native', 'browser', 'main'],
      nodeModulesPaths: [],
      originModulePath,
      preferNativePlatform: true,
      redirectModulePath: (path) => path,
      resolveAsset: () => null,
      resolveHasteModule: () => null,
      resolveHastePackage: () => null,
      resolveRequest: null,
      sourceExts: ['js', 'jsx', 'json', 'ts', 'tsx'],
      unstable_conditionNames: ['react-native'],
      unstable_conditionsByPlatform: {},
      unstable_enablePackageExports: hasExports,
      unstable_incrementalResolution: false,
      unstable_logWarning: (message) => assert.fail(message),
    },
    specifier,
    'android',
  );
  return filePath;
}

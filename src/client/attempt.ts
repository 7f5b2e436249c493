/** Returns what `run` returns, or `undefined` if it throws: for calls whose failure does no harm. */
export const attempt = <T>(run: () => T): T | undefined => {
  try {
    return run();
  } catch {
    // The caller goes on without a result.
    return undefined;
  }
};

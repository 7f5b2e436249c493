/** What a function returns, or `undefined` if it throws: for what the app or the platform may fail at harmlessly. */
export const attempt = <T>(run: () => T): T | undefined => {
  try {
    return run();
  } catch {
    // Each caller says what is done without.
    return undefined;
  }
};

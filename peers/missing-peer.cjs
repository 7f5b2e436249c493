'use strict';

/** What to throw where an optional peer cannot be loaded: the line that installs it, if that is what is missing. */
exports.named = (name, subpath, error) => {
  const isMissing = error.code === 'MODULE_NOT_FOUND' && String(error.message).includes(`'${name}'`);
  if (!isMissing) return error;
  const message = `nestjs-nudge-auth/${subpath} needs ${name}, which is not installed: npm install ${name}`;
  return Object.assign(new Error(message, { cause: error }), { code: 'MODULE_NOT_FOUND' });
};

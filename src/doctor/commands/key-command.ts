import { randomBytes } from 'node:crypto';
import { parseOptions, type Command } from '../../common/command.js';

const KEY_BYTES = 32;

const HELP = `Usage: nestjs-nudge-auth key

Prints a new encryption key: ${KEY_BYTES} random bytes in base64, on one line. It is for the option
encryptionKeys of RedisTokenStore. Keep it in a secret store: it can decrypt the stored tokens.

  --help    print this text

Examples:
  npx nestjs-nudge-auth key
  npx nestjs-nudge-auth key > /run/secrets/nudge-redis-key
`;

/** Makes an encryption key. */
export const keyCommand: Command = {
  help: HELP,
  async run(argv, io) {
    parseOptions(argv, {});
    io.print(`${randomBytes(KEY_BYTES).toString('base64')}\n`);
    return 0;
  },
};

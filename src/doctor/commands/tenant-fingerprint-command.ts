import { CommandUsageError, parseArguments, type Command, type CommandIo } from '../../common/command.js';
import { Secret } from '../../common/secret.js';
import { tenantFingerprintOf } from '../../common/tenant-fingerprint.js';
import { withoutTrailing } from '../../common/without-trailing.js';
import { dotEnvVariables } from '../dot-env.js';

const VARIABLE = 'NUDGE_TENANT_FINGERPRINT_KEY';
const SHORTEST_KEY_CHARS = 32;

const HELP = `Usage: nestjs-nudge-auth tenant-fingerprint <id> [options]

Prints the fingerprint of a tenant, which stands for the tenant in log lines and events. It needs the key that
your application gives as tenants.fingerprintKey, in ${VARIABLE} (also in .env).

  --key-stdin    read the key from standard input
  --help         print this text

Examples:
  npx nestjs-nudge-auth tenant-fingerprint acme
  npx nestjs-nudge-auth tenant-fingerprint acme --key-stdin < /run/secrets/nudge-fingerprint-key
`;

/** Prints the fingerprint of a tenant. */
export const tenantFingerprintCommand: Command = {
  help: HELP,
  async run(argv, io) {
    const { values, positionals } = parseArguments(argv, { 'key-stdin': { type: 'boolean' } });
    const [tenant, ...more] = positionals;
    if (tenant === undefined || tenant === '' || more.length > 0) {
      throw new CommandUsageError('takes the id of one tenant');
    }
    const key = await keyFrom(io, values['key-stdin'] === true);
    io.print(`${tenantFingerprintOf(tenant, key)}\n`);
    return 0;
  },
};

async function keyFrom(io: CommandIo, isInput: boolean): Promise<Secret> {
  const given = { ...dotEnvVariables(process.cwd()), ...io.environment };
  const key = isInput ? withoutTrailing(await io.readInput(), '\r\n') : (given[VARIABLE] ?? '');
  if (key.length >= SHORTEST_KEY_CHARS) return new Secret(key);
  const where = isInput ? '--key-stdin' : VARIABLE;
  throw new CommandUsageError(
    `${where}: needs the key of tenants.fingerprintKey, at least ${SHORTEST_KEY_CHARS} characters`,
  );
}

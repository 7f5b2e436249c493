import { parseOptions, type Command, type CommandIo } from '../../common/command.js';
import { decodeJwt } from '../../common/compact-jwt.js';
import { apiKeyCheck, fallbackApiKeyCheck } from '../checks/api-keys.js';
import { callCheck } from '../checks/call.js';
import { httpClientCheck } from '../checks/http-client.js';
import { optionsCheck } from '../checks/options.js';
import { tokenCheck } from '../checks/token.js';
import type { DoctorContext, DoctorMachine } from '../context.js';
import { doctorContext } from '../doctor-request.js';
import { thisMachine } from '../machine.js';
import { duration } from '../plain-words.js';
import { apiKeyOf } from '../probes/settings.js';
import { tokenOfNudge } from '../probes/vendor-token.js';
import { runUntilStopped } from '../run-checks.js';

const HELP = `Usage: nestjs-nudge-auth token [options]

Fetches one token from Nudge, and prints its claims and its life. It reads the variables that
nudgeAuthConfig reads, also from .env in this folder.

  --show         also print the token: the token alone to standard output, the rest to standard error
  --key-stdin    read the API key from standard input
  --help         print this text

Examples:
  npx nestjs-nudge-auth token
  npx nestjs-nudge-auth token --show > token.txt
`;

/** The checks that must pass before there is a token. */
const CHECKS = [httpClientCheck, apiKeyCheck, fallbackApiKeyCheck, optionsCheck, callCheck, tokenCheck];

const SILENT = { begun: () => undefined, ended: () => undefined };

/** Fetches a token and prints its claims and its life. */
export function tokenCommandOn(machine: DoctorMachine): Command {
  return {
    help: HELP,
    async run(argv, io) {
      const { show = false, 'key-stdin': fromInput = false } = parseOptions(argv, {
        show: { type: 'boolean' },
        'key-stdin': { type: 'boolean' },
      });
      const asked = {
        isOffline: false,
        endpointUrl: undefined,
        pageOrigin: undefined,
        configPath: undefined,
      };
      const context = await doctorContext({ ...asked, input: fromInput ? 'key' : undefined }, io, machine);
      return (await passesChecks(context, io)) ? printToken(context, io, show) : 1;
    },
  };
}

async function passesChecks(context: DoctorContext, io: CommandIo): Promise<boolean> {
  const reports = await runUntilStopped(CHECKS, context, SILENT, io);
  if (reports === undefined) {
    io.printError('Stopped.\n');
    return false;
  }
  const failed = reports.find(({ finding }) => finding.status === 'fail');
  if (failed === undefined) return true;
  const { detail, hint = '' } = failed.finding;
  io.printError(`${detail}\n${hint}\nMore: npx nestjs-nudge-auth doctor\n`);
  return false;
}

async function printToken(context: DoctorContext, io: CommandIo, isShown: boolean): Promise<number> {
  // The checks have fetched both values already, so nothing waits here.
  const { signal } = new AbortController();
  const { token, claims, lifeMs } = await tokenOfNudge(context, signal);
  const { fingerprint } = await apiKeyOf(context, signal);
  const jwt = decodeJwt(token);
  const lines = [
    `header    ${JSON.stringify(jwt?.header)}`,
    `claims    ${JSON.stringify(jwt?.payload)}`,
    `issued    ${new Date(claims.issuedAtMs).toISOString()}`,
    `expires   ${new Date(claims.expiresAtMs).toISOString()}`,
    `life      ${duration(lifeMs)}`,
    `key       fingerprint ${fingerprint}`,
  ].map((line) => `${context.redaction.apply(line)}\n`);
  if (isShown) {
    io.printError(lines.join(''));
    io.print(`${token}\n`);
  } else io.print(lines.join(''));
  return 0;
}

export const tokenCommand = tokenCommandOn(thisMachine);

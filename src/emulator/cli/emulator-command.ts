import type { Command } from '../../common/command.js';
import { EmulatorInputError } from '../input-error.js';
import { DEFAULT_EMULATOR_API_KEY, type NudgeEmulatorOptions } from '../server/emulator-options.js';
import { NudgeEmulator } from '../server/nudge-emulator.js';
import { asUsageError, EMULATOR_HELP, parseEmulatorArguments } from './emulator-arguments.js';

/** Runs an emulator until the user ends it. */
export const emulatorCommand: Command = {
  help: EMULATOR_HELP,
  async run(argv, io) {
    const options = parseEmulatorArguments(argv);
    const emulator = await start(options);
    io.print(greeting(emulator, options));
    await io.untilStopped();
    await emulator.stop();
    return 0;
  },
};

async function start(options: NudgeEmulatorOptions): Promise<NudgeEmulator> {
  try {
    return await NudgeEmulator.start(options);
  } catch (error) {
    throw error instanceof EmulatorInputError ? asUsageError(error) : error;
  }
}

function greeting(emulator: NudgeEmulator, { apiKeys, admin }: NudgeEmulatorOptions): string {
  // A key from the arguments is never printed: a user may pass a real one by mistake.
  const key = apiKeys === undefined ? DEFAULT_EMULATOR_API_KEY : '<a key you passed with --api-key>';
  const lines = [
    `The Nudge emulator listens at ${emulator.url} (for tests: Nudge accepts none of its tokens)`,
    '',
    'Let an application use it:',
    `  NUDGE_BASE_URL=${emulator.url}`,
    `  NUDGE_API_KEY=${key}`,
    '',
    'Ask it for a token:',
    `  curl -H 'apikey: ${key}' '${emulator.url}/clients/jwt/token?expiryMins=60'`,
  ];
  if (admin !== false) {
    lines.push(
      '',
      `Let it fail (admin routes: ${emulator.adminUrl}):`,
      `  curl -X POST ${emulator.adminUrl}/faults -H 'content-type: application/json' -d '{"kind":"status","status":503,"times":3}'`,
    );
  }
  return `${lines.join('\n')}\n`;
}

import type { Command } from '../common/command.js';

/** A command in the list of commands. Its module is loaded only when the user chooses it. */
interface ListedCommand {
  readonly summary: string;
  load(): Promise<Command>;
}

/** All commands by name. A new command needs a file and an entry here. */
export const COMMANDS: ReadonlyMap<string, ListedCommand> = new Map(
  Object.entries<ListedCommand>({
    doctor: {
      summary: 'finds what is wrong with a setup',
      load: async () => (await import('./commands/doctor-command.js')).doctorCommand,
    },
    token: {
      summary: 'fetches one token and prints its claims and its life',
      load: async () => (await import('./commands/token-command.js')).tokenCommand,
    },
    'tenant-fingerprint': {
      summary: 'prints the fingerprint of a tenant in logs and events',
      load: async () => (await import('./commands/tenant-fingerprint-command.js')).tenantFingerprintCommand,
    },
    emulator: {
      summary: 'runs an offline Nudge token API, for tests and demos',
      load: async () => (await import('../emulator/cli/emulator-command.js')).emulatorCommand,
    },
    key: {
      summary: 'makes an encryption key for RedisTokenStore',
      load: async () => (await import('./commands/key-command.js')).keyCommand,
    },
  }),
);

/** The last sentence of a log line or error whose cause the doctor can find. */
export const RUN_THE_DOCTOR = 'Run `npx nestjs-nudge-auth doctor`.';

/** Where a person can go on whose log or error has a cause that the doctor finds. */
export const RUN_THE_DOCTOR = 'Run `npx nestjs-nudge-auth doctor`.';

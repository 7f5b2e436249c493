import { repl } from '@nestjs/core';
import { JobsModule } from './jobs.js';

await repl(JobsModule);

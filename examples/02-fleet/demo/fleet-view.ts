import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { NudgeTokenService } from 'nestjs-nudge-auth';
import type { Deed, PrimaryMessage, Stats, WorkerMessage } from './messages.js';

const REPORT_EVERY_MS = 200;

/** Demo only: counts what this process serves. It gets the counts of the others from the process that started them. */
@Injectable()
export class FleetView implements OnModuleInit, OnModuleDestroy {
  #served = 0;
  #stats: Stats | undefined;
  #reporting: NodeJS.Timeout | undefined;

  constructor(private readonly nudgeTokens: NudgeTokenService) {}

  get stats(): Stats | undefined {
    return this.#stats;
  }

  readonly count = (_request: Request, response: Response, next: NextFunction): void => {
    response.once('finish', () => {
      if (response.statusCode === 200) this.#served += 1;
    });
    next();
  };

  onModuleInit(): void {
    process.on('message', (message: PrimaryMessage) => {
      this.#stats = message.stats;
    });
    this.#reporting = setInterval(() => {
      const { storeAvailable } = this.nudgeTokens.status();
      this.#send({ report: { pid: process.pid, served: this.#served, storeAvailable } });
    }, REPORT_EVERY_MS);
  }

  onModuleDestroy(): void {
    clearInterval(this.#reporting);
  }

  /** Asks the process that started this one to act on the fleet. */
  ask(deed: Deed): void {
    this.#send({ deed });
  }

  #send(message: WorkerMessage): void {
    if (process.connected) process.send?.(message);
  }
}

import { Injectable } from '@nestjs/common';
import { NudgeTokenService, type NudgeAuthError } from 'nestjs-nudge-auth';
import { once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';

/** A posted error would lose its code, so the fields are posted. */
export type TokenAnswer =
  { token: string } | Pick<NudgeAuthError, 'code' | 'retryable'>;

@Injectable()
export class CampaignThreads {
  readonly #file = new URL('./campaign-thread.js', import.meta.url);

  constructor(private readonly tokens: NudgeTokenService) {}

  /** Runs a campaign in a worker thread, which may ask for tokens. */
  async run(campaign: string): Promise<string> {
    const { port1: asked, port2: tokens } = new MessageChannel();
    asked.on('message', (reply: MessagePort) => void this.#answer(reply));
    const thread = new Worker(this.#file, {
      workerData: { campaign, tokens },
      transferList: [tokens],
    });
    const [report] = await once(thread, 'message'); // or rejects
    return String(report);
  }

  async #answer(reply: MessagePort): Promise<void> {
    reply.postMessage(await this.#tokenAnswer());
    reply.close();
  }

  async #tokenAnswer(): Promise<TokenAnswer> {
    try {
      const { token } = await this.tokens.getToken();
      return { token };
    } catch (error) {
      const { code, retryable } = error as NudgeAuthError;
      return { code, retryable };
    }
  }
}

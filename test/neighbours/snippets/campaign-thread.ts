import { once } from 'node:events';
import { MessageChannel, parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { TokenAnswer } from './worker-threads.js';

interface CampaignData {
  readonly campaign: string;
  readonly tokens: MessagePort;
}
const { campaign, tokens } = workerData as CampaignData;

/** Asks the main thread. Each question has a port for its answer. */
async function getToken(): Promise<string> {
  const { port1: answers, port2: reply } = new MessageChannel();
  tokens.postMessage(reply, [reply]);
  const [answer] = (await once(answers, 'message')) as [TokenAnswer];
  if ('token' in answer) return answer.token;
  throw new Error(`No token for "${campaign}": ${answer.code}`);
}

const { length } = await getToken();
parentPort?.postMessage(`${campaign}: sent, token of ${length} characters`);

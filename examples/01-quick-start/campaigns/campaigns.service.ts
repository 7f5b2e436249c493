import { Injectable } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { isNudgeAuthError, NudgeTokenService } from 'nestjs-nudge-auth';

export interface Campaigns {
  readonly campaigns: readonly string[];
  /** The code of the error, if there are no campaigns because of Nudge. */
  readonly unavailable?: string;
}

/** A service of the backend that uses a Nudge token itself and does not pass it on. */
@Injectable()
export class CampaignsService {
  readonly #url: string;

  constructor(
    private readonly nudgeTokens: NudgeTokenService,
    config: ConfigService,
  ) {
    this.#url = config.getOrThrow<string>('CAMPAIGN_API_URL');
  }

  async list(): Promise<Campaigns> {
    try {
      // Ask for it each time and do not keep it: NudgeTokenService holds the token and knows when to renew it.
      const { token } = await this.nudgeTokens.getToken();
      const answer = await fetch(this.#url, {
        headers: { Authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(2_000),
      });
      if (!answer.ok) throw new Error(`The campaign API answered ${answer.status}`);
      return { campaigns: (await answer.json()) as string[] };
    } catch (error) {
      // Campaigns are an extra. Without Nudge the app works on, and the user sees no failure.
      if (isNudgeAuthError(error)) return { campaigns: [], unavailable: error.code };
      throw error;
    }
  }
}

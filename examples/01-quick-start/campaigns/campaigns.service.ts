import { Injectable } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { isNudgeAuthError, NudgeTokenService } from 'nestjs-nudge-auth';

export interface Campaigns {
  readonly campaigns: readonly string[];
  /** Why there are none, where Nudge is the reason. */
  readonly unavailable?: string;
}

/** A service of the backend that needs a Nudge token itself: the token is used here and not handed on. */
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
      // Asked for each time and never kept: the service holds the token and knows when it is due for a new one.
      const { token } = await this.nudgeTokens.getToken();
      const answer = await fetch(this.#url, {
        headers: { Authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(2_000),
      });
      if (!answer.ok) throw new Error(`The campaign API answered ${answer.status}`);
      return { campaigns: (await answer.json()) as string[] };
    } catch (error) {
      // Campaigns are an extra: without Nudge the app goes on, and does not pass the failure on to its user.
      if (isNudgeAuthError(error)) return { campaigns: [], unavailable: error.code };
      throw error;
    }
  }
}

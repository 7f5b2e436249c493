import { Injectable, Module, UseGuards } from '@nestjs/common';
import { seconds, ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { NudgeAuthModule, type NudgeAuthOptions } from 'nestjs-nudge-auth';

/** The verified user, as the payload of the user's JWT describes it. */
interface AppUser {
  sub: string;
  tenantId: string;
}

/** Counts by tenant and user. JSON keeps "a" + "bc" apart from "ab" + "c". */
@Injectable()
export class TenantUserThrottlerGuard extends ThrottlerGuard {
  protected override async getTracker({ user }: { user: AppUser }) {
    return JSON.stringify([user.tenantId, user.sub]);
  }
}

const accounts = new Map([
  ['acme', { apiKey: process.env['NUDGE_API_KEY_OF_ACME'] ?? '' }],
  ['globex', { apiKey: process.env['NUDGE_API_KEY_OF_GLOBEX'] ?? '' }],
]);

const options: NudgeAuthOptions = {
  baseUrl: process.env['NUDGE_BASE_URL'],
  tenants: {
    id: (user) => (user as AppUser).tenantId,
    config: (tenantId) => accounts.get(tenantId),
  },
  userJwt: {
    secret: process.env['USER_JWT_SECRET'] ?? '',
    algorithms: ['HS256'],
  },
};
const endpoint = { decorators: [UseGuards(TenantUserThrottlerGuard)] };

@Module({
  imports: [
    ThrottlerModule.forRoot([{ ttl: seconds(60), limit: 5 }]),
    NudgeAuthModule.forRoot({ ...options, endpoint }),
    NudgeAuthModule.forRoot({ ...options, name: 'emea', endpoint }),
  ],
})
export class AppModule {}

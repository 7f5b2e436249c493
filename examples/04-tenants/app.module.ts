import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { NudgeAuthModule } from 'nestjs-nudge-auth';
import { CustomersModule } from './customers/customers.module.js';
import { CustomersService } from './customers/customers.service.js';

/** The claims of the app's own JWT. */
interface AppUser {
  readonly sub: string;
  readonly customer: string;
}

/** The application: one backend for several customers, each with its own Nudge account. Copy from this file. */
@Module({
  imports: [
    // The example sets its own variables. Leave `ignoreEnvFile` out, so that your .env is read.
    ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true }),

    CustomersModule,

    NudgeAuthModule.forRootAsync({
      // Any module may inject NudgeTokenService. Stands beside the factory, because Nest must know it before the
      // factory runs.
      isGlobal: true,
      imports: [CustomersModule],
      inject: [ConfigService, CustomersService],
      useFactory: (config: ConfigService, customers: CustomersService) => ({
        // Replaces `apiKey`: says which account a user's token comes from, and the key of each account.
        tenants: {
          // Taken from the verified user, never from the request, which every caller can forge.
          id: (user: unknown) => (user as AppUser).customer,
          // Called when a customer is first needed, then once a minute in the background, so a database is fast enough.
          config: (customer: string) => customers.nudgeAccountOf(customer),
        },
        baseUrl: config.get<string>('NUDGE_BASE_URL'),

        // Verifies the users of the demo. An app with its own 'jwt' strategy leaves this out.
        userJwt: { secret: config.getOrThrow<string>('APP_JWT_SECRET'), algorithms: ['HS256'] },
      }),
    }),
  ],
})
export class AppModule {}

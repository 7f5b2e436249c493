import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { NudgeAuthModule } from 'nestjs-nudge-auth';
import { CustomersModule } from './customers/customers.module.js';
import { CustomersService } from './customers/customers.service.js';

/** What the app's own JWT says of a signed-in user. */
interface AppUser {
  readonly sub: string;
  readonly customer: string;
}

/** The application: one backend for several customers, each with a Nudge account of its own. Copy from this file. */
@Module({
  imports: [
    // The example brings its own settings; leave `ignoreEnvFile` out to have your .env read.
    ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true }),

    CustomersModule,

    NudgeAuthModule.forRootAsync({
      // Beside the factory, because Nest must know it earlier: any module may now inject NudgeTokenService.
      isGlobal: true,
      imports: [CustomersModule],
      inject: [ConfigService, CustomersService],
      useFactory: (config: ConfigService, customers: CustomersService) => ({
        // In the place of `apiKey`: whose account a user's token comes from, and the key of each account.
        tenants: {
          // From the verified user. Every caller can write what a request says of itself.
          id: (user: unknown) => (user as AppUser).customer,
          // Asked when a customer is first needed, then once a minute behind the callers: a database is quick enough.
          config: (customer: string) => customers.nudgeAccountOf(customer),
        },
        baseUrl: config.get<string>('NUDGE_BASE_URL'),

        // Verifies the users of the demo; an app with its own 'jwt' strategy leaves this out.
        userJwt: { secret: config.getOrThrow<string>('APP_JWT_SECRET'), algorithms: ['HS256'] },
      }),
    }),
  ],
})
export class AppModule {}

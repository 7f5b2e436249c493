import { BadRequestException, Controller, Get, Header, HttpCode, Param, Post } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { SignJWT } from 'jose';
import { CustomersService } from '../customers/customers.service.js';
import { NudgeAccounts, type CustomerView } from './nudge-accounts.js';

/** Both customers have users with these names. Equal ids of different customers are never mixed up. */
const USERS = ['ada', 'grace'];

export interface DemoUser {
  readonly name: string;
  readonly customer: string;
  readonly accessToken: string;
}

/** Demo only: a sign-in and the buttons of the page. Your app needs no such routes. */
@Controller('demo')
export class DemoController {
  constructor(
    private readonly accounts: NudgeAccounts,
    private readonly customers: CustomersService,
    private readonly config: ConfigService,
  ) {}

  /** Signs in two users of each customer. It replaces the app's own sign-in. */
  @Post('users')
  @HttpCode(200)
  signIn(): Promise<DemoUser[]> {
    const secret = new TextEncoder().encode(this.config.getOrThrow<string>('APP_JWT_SECRET'));
    const signed = this.customers.ids.flatMap((customer) =>
      USERS.map(async (name) => {
        const jwt = new SignJWT({ sub: name, customer }).setProtectedHeader({ alg: 'HS256' });
        return { name, customer, accessToken: await jwt.setExpirationTime('1h').sign(secret) };
      }),
    );
    return Promise.all(signed);
  }

  @Get('customers')
  @Header('Cache-Control', 'no-store')
  view(): CustomerView[] {
    return this.accounts.view;
  }

  @Post('customers/:id/revoke')
  @HttpCode(200)
  async revoke(@Param('id') id: string): Promise<CustomerView[]> {
    await this.accounts.revoke(this.#known(id));
    return this.view();
  }

  @Post('customers/:id/restore')
  @HttpCode(200)
  async restore(@Param('id') id: string): Promise<CustomerView[]> {
    await this.accounts.restore(this.#known(id));
    return this.view();
  }

  #known(id: string): string {
    const { ids } = this.customers;
    if (!ids.includes(id)) throw new BadRequestException(`Choose one of ${ids.join(', ')}`);
    return id;
  }
}

import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { assertExampleIsBuilt, Example } from '../support/example.js';
import { until } from '../redis/support/until.js';

interface DemoUser {
  readonly name: string;
  readonly customer: string;
  readonly accessToken: string;
}

describe('the example of tenants', () => {
  let example: Example | undefined;

  beforeAll(() => assertExampleIsBuilt('04-tenants'));

  afterEach(async () => {
    await example?.kill('SIGKILL');
  });

  it('serves the users of one customer while the key of the other is refused, and ends cleanly', async () => {
    example = new Example('0', '04-tenants');
    const { page, endpoint } = await example.banner();
    const post = (path: string): Promise<Response> => fetch(`${page}/demo/${path}`, { method: 'POST' });
    const users = (await (await post('users')).json()) as DemoUser[];
    expect(users.map(({ name, customer }) => `${name} of ${customer}`)).toEqual([
      'ada of acme',
      'grace of acme',
      'ada of globex',
      'grace of globex',
    ]);
    const answers = (customer: string): Promise<Response[]> =>
      Promise.all(
        users
          .filter((user) => user.customer === customer)
          .map(({ accessToken }) => fetch(endpoint, { headers: { authorization: `Bearer ${accessToken}` } })),
      );
    const seen = async (customer: string): Promise<(number | string | null)[]> =>
      (await answers(customer)).map(({ status, headers }) =>
        status === 200 ? 200 : headers.get('nudge-auth-error'),
      );
    const isServed = async (customer: string): Promise<boolean> =>
      (await seen(customer)).every((answer) => answer === 200);
    const REFUSED = ['NUDGE_CREDENTIALS_REJECTED', 'NUDGE_CREDENTIALS_REJECTED'];

    expect((await fetch(endpoint)).status).toBe(401);
    expect([await seen('acme'), await seen('globex')]).toEqual([[200, 200], REFUSED]);

    expect((await post('customers/globex/restore')).status).toBe(200);
    await until('globex is served', () => isServed('globex'), 10_000);
    const tokens = await Promise.all(
      ['acme', 'globex'].map(async (customer) =>
        Promise.all(
          (await answers(customer)).map(async (answer) => ((await answer.json()) as { token: string }).token),
        ),
      ),
    );
    // All users of a customer have the same token, and the two customers have different ones.
    expect(tokens.map((ofCustomer) => new Set(ofCustomer).size)).toEqual([1, 1]);
    expect(tokens[0]?.[0]).not.toBe(tokens[1]?.[0]);

    await post('customers/acme/revoke');
    expect([await seen('acme'), await seen('globex')]).toEqual([REFUSED, [200, 200]]);
    const customers = (await (await fetch(`${page}/demo/customers`)).json()) as object[];
    expect(customers).toMatchObject([
      { id: 'acme', isKeyRevoked: true },
      { id: 'globex', isKeyRevoked: false },
    ]);
    expect((await post('customers/initech/revoke')).status).toBe(400);

    for (const source of ['/', '/app.js', '/style.css'])
      expect((await fetch(page + source)).status).toBe(200);
    expect(await example.kill('SIGINT')).toEqual({ code: 0, signal: null });
    await expect(fetch(page)).rejects.toThrow('fetch failed');
  });
});

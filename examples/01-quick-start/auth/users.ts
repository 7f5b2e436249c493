/** A signed-in user: what guarded handlers get as `request.user`. */
export interface User {
  readonly id: string;
  readonly name: string;
}

/** Two made-up users. In your app they come from a database, with hashed passwords. */
const ACCOUNTS: ReadonlyMap<string, User & { readonly password: string }> = new Map([
  ['ada', { id: 'user-1', name: 'Ada', password: 'demo' }],
  ['grace', { id: 'user-2', name: 'Grace', password: 'demo' }],
]);

export function findUser(username: unknown, password: unknown): User | undefined {
  const account = typeof username === 'string' ? ACCOUNTS.get(username) : undefined;
  return account !== undefined && account.password === password
    ? { id: account.id, name: account.name }
    : undefined;
}

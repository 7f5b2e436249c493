/** A signed-in user, as guarded handlers see one in `request.user`. */
export interface User {
  readonly id: string;
  readonly name: string;
}

/** Two made-up people. Yours come from a database, and their passwords are hashed. */
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

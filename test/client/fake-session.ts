type SessionStep = 'sign in' | 'sign out' | 'break headers' | 'mend headers' | 'renew access';

/** The sign-in of the app that uses the client. */
export class FakeSession {
  #isSignedIn = true;
  #isBroken = false;
  #access = 1;

  take(step: SessionStep): void {
    if (step === 'renew access') this.#access += 1;
    else if (step === 'sign in' || step === 'sign out') this.#isSignedIn = step === 'sign in';
    else this.#isBroken = step === 'break headers';
  }

  /** The headers of a user, or `null` if no user is signed in. */
  headersOf(user: number): Record<string, string> | null {
    if (this.#isBroken) throw new Error('storage is locked');
    if (!this.#isSignedIn) return null;
    const claims = { iss: 'app', sub: `user ${user}`, jti: this.#access };
    return { Authorization: `Bearer e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.` };
  }
}

/** The user whose access token is in the headers. */
export function userIn(headers: Record<string, string>): string {
  const payload = headers['Authorization']?.split('.')[1] ?? '';
  return (JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sub: string }).sub;
}

/** The app's own sign-in: the user, and the JWT that proves it to the backend. It is kept only in memory. */
export class Session {
  #username = '';
  #accessToken = '';
  #isWithdrawn = false;
  #epoch = 0;

  /** The user's name on the page. Empty while no user is signed in. */
  get name() {
    return this.#username && this.#username[0].toUpperCase() + this.#username.slice(1);
  }

  get isWithdrawn() {
    return this.#isWithdrawn;
  }

  /** @returns whether this user is signed in now. The last click counts, not the last answer. */
  async signIn(username) {
    const epoch = ++this.#epoch;
    const accessToken = await logIn(username);
    if (epoch !== this.#epoch) return false;
    this.#setUser(username, accessToken);
    return true;
  }

  signOut() {
    this.#epoch += 1;
    this.#setUser('', '');
  }

  /**
   * The `headers` option of `createRefreshToken`. The client calls it once per call, and once more with
   * `'unauthorized'` after the backend has refused the headers, so that an expired sign-in is renewed and the user does
   * not notice.
   */
  headers = async (why) => {
    if (!this.#username) return null;
    if (why === 'unauthorized' && !this.#isWithdrawn) {
      const epoch = this.#epoch;
      const accessToken = await logIn(this.#username);
      if (epoch === this.#epoch) this.#accessToken = accessToken;
    }
    return { Authorization: `Bearer ${this.#accessToken}` };
  };

  #setUser(username, accessToken) {
    this.#username = username;
    this.#accessToken = accessToken;
    this.#isWithdrawn = false;
  }

  /** Demo only: makes the backend refuse the JWT from now on. With `isWithdrawn` the JWT cannot be renewed either. */
  spoil({ isWithdrawn }) {
    this.#accessToken = 'no-longer-good';
    this.#isWithdrawn = isWithdrawn;
  }
}

/**
 * All users of the demo have the same password, so there is no form. Your app renews with its refresh token or cookie.
 */
async function logIn(username) {
  const response = await fetch('/login', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ username, password: 'demo' }),
  });
  if (!response.ok) throw new Error(`Sign-in failed with status ${response.status}`);
  return (await response.json()).accessToken;
}

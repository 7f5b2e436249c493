/** The app's own sign-in: who the user is, and the JWT that says so to the backend. Kept in memory only. */
export class Session {
  #username = '';
  #accessToken = '';
  #isWithdrawn = false;
  #epoch = 0;

  /** What the page calls the user; empty while nobody is signed in. */
  get name() {
    return this.#username && this.#username[0].toUpperCase() + this.#username.slice(1);
  }

  get isWithdrawn() {
    return this.#isWithdrawn;
  }

  /** @returns whether this user is signed in now: the last click counts, not the last answer. */
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
   * The `headers` option of `createRefreshToken`: asked once per call, and once more with `'unauthorized'` when the
   * backend has refused the last ones, so that an expired sign-in is renewed without the user noticing.
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

  /** Demo only: the backend refuses the JWT from now on; `isWithdrawn` says that it cannot be renewed either. */
  spoil({ isWithdrawn }) {
    this.#accessToken = 'no-longer-good';
    this.#isWithdrawn = isWithdrawn;
  }
}

/** The demo's users share a password, which spares you a form. Your app renews with its refresh token or cookie. */
async function logIn(username) {
  const response = await fetch('/login', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ username, password: 'demo' }),
  });
  if (!response.ok) throw new Error(`Sign-in failed with status ${response.status}`);
  return (await response.json()).accessToken;
}

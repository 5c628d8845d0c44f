// Who is signed in. The token lives in this browser tab's sessionStorage, so
// that a reload keeps it and closing the tab ends it; nothing else is stored.

const key = "portico:session";

const signIn = `mutation SignIn($input: SignInInput!) {
  signIn(input: $input) {
    accessToken
    expiresAt
    userErrors { message }
    viewer {
      role
      user { id name email }
      account { id name }
      organization { name }
    }
  }
}`;

/** Fires "change" when somebody signs in, signs out, or the token expires. */
export class Session extends EventTarget {
  #endpoint;
  #state;
  #timer;

  constructor(endpoint) {
    super();
    this.#endpoint = endpoint;
    this.#state = JSON.parse(sessionStorage.getItem(key) ?? "null");
    this.#watch();
  }

  /** The viewer of the sign-in, or null. */
  get viewer() {
    return this.#state?.viewer ?? null;
  }

  /** When the token ends, by this machine's clock. */
  get expiresAt() {
    return new Date(this.#state.endsAt);
  }

  /** True when a token was there and its time has come. */
  get expired() {
    return this.#state !== null && this.expiresAt <= new Date();
  }

  /** The headers that say who is calling. */
  headers() {
    if (!this.#state || this.expired) return {};
    return { Authorization: `Bearer ${this.#state.accessToken}` };
  }

  /** Signs in. Throws an Error whose message can be shown. */
  async signIn({ email, password, organization }) {
    const input = organization ? { email, password, organization } : { email, password };
    let response;
    try {
      response = await fetch(this.#endpoint, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json" },
        body: JSON.stringify({ query: signIn, variables: { input } }),
      });
    } catch {
      throw new Error("The server does not answer.");
    }
    const answer = await response.json().catch(() => ({}));
    const payload = answer.data?.signIn;
    if (!payload?.accessToken) {
      const problem = answer.errors?.[0] ?? payload?.userErrors?.[0];
      throw new Error(problem?.message ?? `The server answered ${response.status}.`);
    }
    // The two clocks may differ; what counts is how long the server gives.
    const served = Date.parse(response.headers.get("Date")) || Date.now();
    const endsAt = Date.parse(payload.expiresAt) + Date.now() - served;
    this.#keep({ ...payload, endsAt });
  }

  signOut() {
    this.#keep(null);
  }

  #keep(state) {
    this.#state = state;
    if (state) sessionStorage.setItem(key, JSON.stringify(state));
    else sessionStorage.removeItem(key);
    this.#watch();
    this.dispatchEvent(new Event("change"));
  }

  // Tells everybody once when the token ends.
  #watch() {
    clearTimeout(this.#timer);
    if (!this.#state || this.expired) return;
    this.#timer = setTimeout(
      () => this.dispatchEvent(new Event("change")),
      Math.max(0, this.expiresAt - new Date()) + 50,
    );
  }
}

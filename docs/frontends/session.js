// A browser's session with Portico. The access token is in this tab's memory; what
// renews it is in a cookie that no script can read.

const answer = `accessToken expiresAt userErrors { message }
  viewer { role user { id name email } account { id name } organization { name } }`;
const SIGN_IN = `mutation SignIn($input: SignInInput!) {
  signIn(input: $input) { ${answer} challenge { token expiresAt setup { secret uri } } } }`;
const COMPLETE = `mutation Complete($input: CompleteSignInInput!) {
  completeSignIn(input: $input) { ${answer} recoveryCodes } }`;
const REFRESH = `mutation Refresh { refreshSession { ${answer} } }`;
const SWITCH = `mutation Switch($input: SwitchAccountInput!) {
  switchAccount(input: $input) { account { id } userErrors { message } } }`;
const SIGN_OUT = "mutation SignOut($input: SignOutInput!) { signOut(input: $input) { endedSessionIds } }";

const signedOut = { status: "signed-out", viewer: null };
const ended = (error) => error.code === "UNAUTHENTICATED";

/** Returns the session at a server; on the own origin its address is "". */
export function createSession(server = "") {
  const listeners = new Set();
  let state = { status: "loading", viewer: null };
  let token = null, renewAt = 0, timer, refreshing, completed = null;
  let queue = Promise.resolve();

  // Other tabs hear of it at once; without a channel, at their next request.
  const channel = globalThis.BroadcastChannel && new BroadcastChannel("portico-session");
  channel?.addEventListener("message", () => refresh().catch(() => {}));

  function set(next) {
    state = next;
    listeners.forEach((listener) => listener());
  }

  function forget() {
    clearTimeout(timer);
    token = null;
    if (state.status === "signed-in") channel?.postMessage("signed-out");
    if (state.status !== "signed-out") set(signedOut);
  }

  function keep(signedIn) {
    token = signedIn.accessToken;
    // A minute before it expires, but never in a hurry: this machine's clock may be wrong.
    const ms = Math.max(Date.parse(signedIn.expiresAt) - Date.now() - 60_000, 60_000);
    renewAt = Date.now() + ms;
    renewIn(ms);
    const same = JSON.stringify(state.viewer) === JSON.stringify(signedIn.viewer);
    if (state.status !== "signed-in" || !same) set({ status: "signed-in", viewer: signedIn.viewer });
  }

  function enter(signedIn) {
    keep(signedIn);
    channel?.postMessage("signed-in");
  }

  // A page that nobody looks at does not keep its session alive: its next request does.
  function renewIn(ms) {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (!globalThis.document?.hidden) refresh().catch(() => {});
    }, ms);
  }

  // One of these at a time, in this tab and, where there are locks, in all of them.
  function alone(act) {
    const run = () => (navigator.locks ? navigator.locks.request("portico-session", act) : act());
    return (queue = queue.then(run, run));
  }

  async function send(query, variables) {
    const response = await fetch(`${server}/session/graphql`, {
      method: "POST",
      credentials: "include",
      headers: { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(10_000),
    });
    const { data, errors } = await response.json();
    const payload = data && Object.values(data)[0];
    const problem = errors?.[0] ?? payload?.userErrors?.[0];
    if (problem) throw Object.assign(new Error(problem.message), problem.extensions);
    return payload;
  }

  /** Renews the access token. Callers who come meanwhile get the same answer. */
  function refresh() {
    refreshing ??= alone(() => send(REFRESH))
      .then(keep, (error) => {
        if (ended(error)) forget();
        else renewIn(10_000); // the server does not answer, or is busy: that ends nothing
        throw error;
      })
      .finally(() => (refreshing = null));
    return refreshing;
  }

  // Once more with a fresh token where the one in hand is not valid any more.
  function withToken(act) {
    return act().catch((error) => (ended(error) ? refresh().then(act) : Promise.reject(error)));
  }

  // Who acts for which account: what one asked is not asked again for another.
  const whose = () => state.viewer && `${state.viewer.user.id} ${state.viewer.account?.id}`;

  // UNAUTHENTICATED has this status, also under application/json.
  const refused = (response) => response.status === 401;

  /** Like fetch, with the access token; for GraphQL clients. The body must be a string. */
  async function authenticatedFetch(input, init = {}) {
    if (state.status !== "signed-out" && Date.now() >= renewAt) await refresh().catch(() => {});
    const used = token, who = whose();
    const attempt = () => {
      const headers = new Headers(init.headers);
      if (token) headers.set("Authorization", `Bearer ${token}`);
      return fetch(input, { ...init, headers });
    };
    const first = await attempt();
    if (!used || !refused(first)) return first;
    // Others may have renewed it meanwhile, or somebody else may have signed in here.
    if (token === used) await refresh().catch(() => {});
    if (!token || token === used || whose() !== who) return first;
    const second = await attempt();
    if (refused(second)) forget();
    return second;
  }

  return {
    /** The present state: status is "loading", "signed-in" or "signed-out". */
    getState: () => state,
    /** Calls listener after each change of the state; returns what ends that. */
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    /** Finds out who is signed in: once, when the page loads. */
    start: () => refresh().catch(() => {}),
    refresh,
    fetch: authenticatedFetch,
    /**
     * Signs in with { email, password, organization }; throws an Error to be shown.
     * Returns the challenge where a second factor is needed: then nobody is signed in yet.
     */
    async signIn(input) {
      const answered = await alone(() => send(SIGN_IN, { input }));
      if (!answered.challenge) enter(answered);
      return answered.challenge;
    },
    /**
     * Ends that with { challenge: its token, code }. Where it returns recovery codes, show
     * them: they come this once, and the sign-in page stays until you call codesSaved.
     */
    async completeSignIn(input) {
      const answered = await alone(() => send(COMPLETE, { input }));
      if (answered.recoveryCodes.length) completed = answered;
      else enter(answered);
      return answered.recoveryCodes;
    },
    /** Goes on to the signed-in page, once the person has kept the recovery codes. */
    codesSaved() {
      if (completed) enter(completed);
      completed = null;
    },
    /** Acts for another of the person's accounts from now on, in all tabs. */
    async switchAccount(accountId) {
      await withToken(() => alone(() => send(SWITCH, { input: { accountId } })));
      await refresh();
      channel?.postMessage("switched");
    },
    /** Signs out here, or with { everywhere: true } on every device. */
    async signOut(input = {}) {
      try {
        // Here the cookie is enough; everywhere takes an access token.
        await withToken(() => alone(() => send(SIGN_OUT, { input })));
      } catch (error) {
        if (!ended(error)) throw error;
      }
      forget();
    },
  };
}

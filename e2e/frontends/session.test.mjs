// What a browser test could only show by waiting: when a session of docs/frontends is
// renewed, and how often a request is sent.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { createSession } from "../../docs/frontends/session.js";

delete globalThis.BroadcastChannel; // it would keep the process alive
Object.defineProperty(globalThis, "navigator", { value: {} }); // no locks
// A deadline of fetch's, which nothing here waits for.
AbortSignal.timeout = () => undefined;

// A clock that moves when it is told to.
let now = Date.now();
const timers = new Map();
Date.now = () => now;
globalThis.setTimeout = (act, ms) => {
  const id = Symbol("timer");
  timers.set(id, { act, at: now + ms });
  return id;
};
globalThis.clearTimeout = (id) => timers.delete(id);
async function tick(ms) {
  for (const until = now + ms; ; ) {
    const [id, next] = [...timers].sort(([, a], [, b]) => a.at - b.at)[0] ?? [];
    if (!next || next.at > until) {
      now = until;
      return;
    }
    now = next.at;
    timers.delete(id);
    next.act();
    await settle();
  }
}

const minute = 60_000;
const ann = { role: "PORTAL", user: { id: "user_1", name: "Ann", email: "ann@demo.example" } };
const settle = async () => {
  for (let i = 0; i < 5; i++) await new Promise((done) => setImmediate(done));
};
const json = (status, body) => new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });
const refusal = { errors: [{ message: "Sign in.", extensions: { code: "UNAUTHENTICATED" } }] };

// The server: what it gives out, and what it was asked.
let viewer, renewals, valid, refresh, asked;

beforeEach(() => {
  timers.clear();
  viewer = ann;
  renewals = 0;
  valid = () => true;
  refresh = () => {
    renewals++;
    const expiresAt = new Date(Date.now() + 10 * minute).toISOString();
    return json(200, { data: { refreshSession: { accessToken: `token ${renewals}`, expiresAt, userErrors: [], viewer } } });
  };
  asked = [];
  globalThis.document = { hidden: false };
  globalThis.fetch = async (url, init) => {
    if (url === "/session/graphql") return refresh();
    const token = new Headers(init.headers).get("Authorization");
    asked.push(token);
    return valid(token) ? json(200, { data: {} }) : json(401, refusal);
  };
});

async function signedIn() {
  const session = createSession();
  await session.start();
  assert.equal(session.getState().status, "signed-in");
  return session;
}

const ask = (session) => session.fetch("/graphql", { method: "POST", body: "{}" });

test("it is renewed a minute before it expires, again and again", async () => {
  await signedIn();
  for (let n = 2; n < 5; n++) {
    await tick(9 * minute - 1);
    assert.equal(renewals, n - 1);
    await tick(1);
    assert.equal(renewals, n);
  }
});

test("a page that nobody looks at renews it with its next request", async () => {
  const session = await signedIn();
  document.hidden = true;
  await tick(60 * minute);
  assert.equal(renewals, 1);
  await ask(session);
  assert.deepEqual(asked, ["Bearer token 2"]);
});

test("a wrong clock of the machine does not make it hurry", async () => {
  const right = refresh;
  refresh = () => {
    now -= 60 * minute;
    const answer = right();
    now += 60 * minute;
    return answer;
  };
  const session = await signedIn();
  await ask(session);
  await ask(session);
  await tick(5 * minute);
  assert.ok(renewals <= 6, `${renewals} times`);
});

test("requests that are refused together renew it once, and are sent once more", async () => {
  const session = await signedIn();
  valid = (token) => token !== "Bearer token 1";
  const answers = await Promise.all([ask(session), ask(session), ask(session)]);
  assert.deepEqual(answers.map((a) => a.status), [200, 200, 200]);
  assert.equal(renewals, 2);
  assert.equal(asked.length, 6);
});

test("a request is sent twice at most, and then the user signs in again", async () => {
  const session = await signedIn();
  valid = () => false;
  assert.equal((await ask(session)).status, 401);
  assert.deepEqual(asked, ["Bearer token 1", "Bearer token 2"]);
  assert.equal(renewals, 2);
  assert.equal(session.getState().status, "signed-out");
});

test("where renewing is refused, the request is not sent again", async () => {
  const session = await signedIn();
  valid = () => false;
  refresh = () => json(200, { data: null, ...refusal });
  assert.equal((await ask(session)).status, 401);
  assert.equal(asked.length, 1);
  assert.equal(session.getState().status, "signed-out");
});

test("what one person asked is not sent again for the next", async () => {
  const session = await signedIn();
  valid = () => false;
  viewer = { ...ann, user: { ...ann.user, id: "user_2", name: "Bob" } };
  await ask(session);
  assert.equal(asked.length, 1);
  assert.equal(session.getState().viewer.user.name, "Bob");
});

test("a server that does not answer, or is busy, signs nobody out", async () => {
  const session = await signedIn();
  const works = refresh;
  for (const failure of [() => Promise.reject(new TypeError("network")), () => new Response("<h1>Bad gateway</h1>", { status: 502 }),
    () => json(200, { data: null, errors: [{ message: "Later.", extensions: { code: "RATE_LIMITED" } }] })]) {
    refresh = failure;
    await tick(9 * minute);
    assert.equal(session.getState().status, "signed-in");
    refresh = works;
    const before = renewals;
    await tick(10_000);
    assert.equal(renewals, before + 1);
  }
});

test("a second factor that is still to come signs nobody in", async () => {
  const session = createSession();
  const challenge = { token: "pch_1", expiresAt: new Date(now + 5 * minute).toISOString(), setup: null };
  const none = { accessToken: null, expiresAt: null, viewer: null, userErrors: [] };
  refresh = () => json(200, { data: { signIn: { ...none, challenge } } });
  assert.deepEqual(await session.signIn({ email: "ann@demo.example", password: "secret" }), challenge);
  assert.notEqual(session.getState().status, "signed-in");
  const wrong = { message: "This code is wrong." };
  refresh = () => json(200, { data: { completeSignIn: { ...none, recoveryCodes: [], userErrors: [wrong] } } });
  await assert.rejects(session.completeSignIn({ challenge: "pch_1", code: "0" }), wrong);
  const expiresAt = new Date(now + 10 * minute).toISOString();
  refresh = () => json(200, { data: { completeSignIn: { accessToken: "t", expiresAt, viewer: ann, recoveryCodes: ["A"], userErrors: [] } } });
  assert.deepEqual(await session.completeSignIn({ challenge: "pch_1", code: "1" }), ["A"]);
  assert.notEqual(session.getState().status, "signed-in", "the page that shows the codes stays");
  session.codesSaved();
  assert.equal(session.getState().viewer.user.name, "Ann");
});

test("another account is another viewer, and what was asked for one is not sent for the other", async () => {
  viewer = { ...ann, account: { id: "acct_1", name: "Acme" } };
  const session = await signedIn();
  const renew = refresh;
  let switched = 0;
  refresh = () => {
    refresh = renew;
    switched++;
    viewer = { ...ann, account: { id: "acct_2", name: "Globex" } };
    return json(200, { data: { switchAccount: { account: { id: "acct_2" }, userErrors: [] } } });
  };
  await session.switchAccount("acct_2");
  assert.equal(switched, 1);
  assert.equal(session.getState().viewer.account.name, "Globex");
  valid = (token) => token !== "Bearer token 2";
  viewer = { ...ann, account: { id: "acct_1", name: "Acme" } }; // another tab goes back
  assert.equal((await ask(session)).status, 401);
  assert.equal(asked.length, 1);
});

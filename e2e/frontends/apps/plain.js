// A front end without a framework.
import { createSession } from "../../../docs/frontends/session.js";
import { load, page } from "./parts.js";

const { server, root } = page();
const session = createSession(server);

function show() {
  const { status, viewer } = session.getState();
  root.innerHTML = {
    loading: "",
    "signed-out": '<form id="sign-in"><input id="email"><input id="password" type="password"><button>Sign in</button></form><p id="problem"></p>',
    "signed-in": '<p id="who"></p><button id="load">Load</button><button id="sign-out">Sign out</button><p id="result"></p>',
  }[status];
  const at = (id) => root.querySelector(`#${id}`);
  if (status === "signed-out") {
    at("sign-in").addEventListener("submit", (event) => {
      event.preventDefault();
      session.signIn({ email: at("email").value, password: at("password").value }).catch((error) => {
        at("problem").textContent = error.message;
      });
    });
  }
  if (status === "signed-in") {
    at("who").textContent = viewer.user.name;
    at("sign-out").addEventListener("click", () => session.signOut());
    at("load").addEventListener("click", async () => {
      const text = await load(session.fetch, server);
      if (at("result")) at("result").textContent = text;
    });
  }
}

session.subscribe(show);
show();
session.start();

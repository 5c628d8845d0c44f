// The bar above GraphiQL: scenarios, the sign-in form, and who is signed in.

const $ = (id) => document.getElementById(id);

const roles = { ADMIN: "administrator", APPROVER: "approver", PORTAL: "developer" };

const kindNames = { productSubscription: "subscription", credential: "key" };

export class Bar {
  #shown = "loading";
  // The challenge of a sign-in that waits for its second factor.
  #challenge = null;
  #session;
  #ids;
  #config;

  /** open(tab) is called with the scenario that was chosen. */
  constructor({ config, session, ids, open }) {
    this.#session = session;
    this.#ids = ids;
    this.#config = config;
    this.#fillScenarios(open);
    this.#fillDemo();
    $("sign-in").addEventListener("submit", (event) => this.#signIn(event));
    $("second-factor").addEventListener("submit", (event) => this.#complete(event));
    $("back").addEventListener("click", () => this.#ask(null));
    $("sign-out").addEventListener("click", () => this.#signOut());
    session.subscribe(() => this.#show());
    ids.addEventListener("change", () => this.#showRemembered());
    this.#show();
  }

  /** Shows which scenario's tab is open; -1 is none of them. */
  showScenario(index) {
    $("scenario").value = index;
  }

  #fillScenarios(open) {
    const { tabs } = this.#config;
    for (const [index, tab] of tabs.entries()) {
      let group = $("scenario").querySelector(`optgroup[label="${tab.group}"]`);
      if (!group) {
        group = Object.assign(document.createElement("optgroup"), { label: tab.group });
        $("scenario").append(group);
      }
      group.append(new Option(`${index + 1}. ${tab.label}`, index));
    }
    $("scenario").addEventListener("change", () => open(tabs[$("scenario").value]));
  }

  #fillDemo() {
    const { demo, demoPassword } = this.#config;
    if (!demo?.length) return;
    $("demo-field").hidden = false;
    for (const [index, user] of demo.entries()) {
      const about = [user.role, user.account, user.organization].filter(Boolean).join(", ");
      $("demo").append(new Option(`${user.email} (${about})`, index));
    }
    $("demo").addEventListener("change", () => {
      const user = demo[$("demo").value];
      $("email").value = user?.email ?? "";
      $("organization").value = user?.organization ?? "";
      $("password").value = user ? demoPassword : "";
    });
  }

  async #signIn(event) {
    event.preventDefault();
    await this.#send("sign-in", async () => {
      const challenge = await this.#session.signIn({
        email: $("email").value.trim(),
        password: $("password").value,
        organization: $("organization").value.trim(),
      });
      if (!$("demo").value) $("password").value = "";
      if (challenge) this.#ask(challenge);
      else $("sign-out").focus();
    });
  }

  async #complete(event) {
    event.preventDefault();
    await this.#send("second-factor", async () => {
      const codes = await this.#session.completeSignIn({ challenge: this.#challenge.token, code: $("code").value });
      this.#ask(null);
      $("recovery-codes").textContent = codes.length ? `Keep these recovery codes, they are shown this once: ${codes.join("  ")}` : "";
      this.#session.codesSaved(); // they stay in the bar
      $("sign-out").focus();
    });
  }

  // Runs what a form asks for, once at a time, and says what went wrong.
  async #send(form, act) {
    const button = $(form).querySelector("button");
    button.disabled = true;
    $("problem").textContent = "";
    try {
      await act();
    } catch (problem) {
      if (problem.reason === "CHALLENGE_EXPIRED") this.#ask(null);
      $("problem").textContent = `Sign-in failed: ${problem.message}`;
    } finally {
      button.disabled = false;
    }
  }

  // Asks for the second factor; null asks for the password again.
  #ask(challenge) {
    this.#challenge = challenge;
    $("code").value = "";
    $("setup").hidden = !challenge?.setup;
    $("setup-uri").href = challenge?.setup?.uri ?? "";
    $("setup-secret").textContent = challenge?.setup?.secret ?? "";
    this.#showForms();
    (challenge ? $("code") : $("email")).focus();
  }

  #showForms() {
    const signedOut = this.#session.getState().status === "signed-out";
    $("sign-in").hidden = !signedOut || this.#challenge !== null;
    $("second-factor").hidden = !signedOut || this.#challenge === null;
  }

  async #signOut() {
    const button = $("sign-out");
    button.disabled = true;
    $("problem").textContent = "";
    try {
      await this.#session.signOut();
      $("problem").textContent = "";
      $("email").focus();
    } catch (problem) {
      $("problem").textContent = `Still signed in: ${problem.message}`;
    } finally {
      button.disabled = false;
    }
  }

  #show() {
    const { status, viewer } = this.#session.getState();
    if (status === "signed-in") this.#challenge = null; // another tab may have done it
    this.#showForms();
    if (status !== "signed-in") $("recovery-codes").textContent = "";
    $("signed-in").hidden = status !== "signed-in";
    const ended = this.#shown === "signed-in" && status === "signed-out";
    $("problem").textContent = ended ? "You have been signed out. Sign in again." : "";
    this.#shown = status;
    if (!viewer) return;
    $("user").textContent = viewer.user?.name ?? "";
    $("role").textContent = roles[viewer.role] ?? viewer.role;
    $("place").textContent = [viewer.user?.email, viewer.account?.name, viewer.organization?.name].filter(Boolean).join(" · ");
  }

  #showRemembered() {
    const parts = this.#ids.list().map(({ kind, id, label }) => {
      const part = document.createElement("span");
      part.title = `{{${kind}.id}} = ${id}`;
      part.textContent = `${kindNames[kind] ?? kind}: ${label || id}`;
      return part;
    });
    $("remembered").replaceChildren(...(parts.length ? ["Remembered", ...parts] : []));
  }
}

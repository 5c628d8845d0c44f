// The bar above GraphiQL: scenarios, the sign-in form, and who is signed in.

const $ = (id) => document.getElementById(id);

const roles = { ADMIN: "administrator", PORTAL: "developer" };

const kindNames = { productSubscription: "subscription", credential: "key" };

export class Bar {
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
    $("sign-out").addEventListener("click", () => {
      session.signOut();
      $("email").focus();
    });
    session.addEventListener("change", () => this.#show());
    ids.addEventListener("change", () => this.#showRemembered());
    setInterval(() => this.#showExpiry(), 5000);
    this.#show();
  }

  /** Shows which scenario's tab is open; -1 is none of them. */
  showScenario(index) {
    $("scenario").selectedIndex = index;
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
    const button = $("sign-in").querySelector("button");
    button.disabled = true;
    $("problem").textContent = "";
    try {
      await this.#session.signIn({
        email: $("email").value.trim(),
        password: $("password").value,
        organization: $("organization").value.trim(),
      });
      if (!$("demo").value) $("password").value = "";
      $("sign-out").focus();
    } catch (problem) {
      $("problem").textContent = `Sign-in failed: ${problem.message}`;
    } finally {
      button.disabled = false;
    }
  }

  #show() {
    const { viewer, expired } = this.#session;
    const signedIn = Boolean(viewer) && !expired;
    $("sign-in").hidden = signedIn;
    $("signed-in").hidden = !signedIn;
    $("problem").textContent = expired ? "Your sign-in has expired. Sign in again." : "";
    if (!signedIn) return;
    $("user").textContent = viewer.user?.name ?? "";
    $("role").textContent = roles[viewer.role] ?? viewer.role;
    $("place").textContent = [viewer.user?.email, viewer.account?.name, viewer.organization?.name].filter(Boolean).join(" · ");
    this.#showExpiry();
  }

  #showExpiry() {
    if (!this.#session.viewer || this.#session.expired) return;
    const end = this.#session.expiresAt;
    const minutes = Math.ceil((end - new Date()) / 60000);
    const at = end.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    $("expiry").textContent = `until ${at} (${minutes} min)`;
    $("expiry").classList.toggle("soon", minutes <= 2);
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

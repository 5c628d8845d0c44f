// Remembers the ids of answers, so that a newcomer need not copy them.
//
// An object's kind is told by the field it stands in: `app` and `apps` hold
// apps. In variables "{{app.id}}" stands for the last one. Of credentials the
// one before it is known too, "{{credential.previous.id}}": rotation needs both.
// "{{now-29d}}" stands for the midnight (UTC) of 29 days ago.

const withPrevious = new Set(["credential"]);

const placeholder = /^\{\{\s*(\w+)(\.previous)?\.id\s*\}\}$/;

const midnight = /^\{\{\s*now([+-]\d{1,4})d\s*\}\}$/;

const dayLength = 24 * 60 * 60 * 1000; // ms

/** Fires "change" when something new is remembered. */
export class Ids extends EventTarget {
  #kinds;
  #last = new Map();
  #previous = new Map();

  /** kinds has the name of each kind, and which scenario finds one. */
  constructor(kinds) {
    super();
    this.#kinds = kinds;
  }

  /** What is remembered: kind and the object's own name. */
  list() {
    return [...this.#last].map(([kind, object]) => ({ kind, id: object.id, label: labelOf(object) }));
  }

  /** Gives value with every placeholder replaced. Throws if one is not known yet. */
  fill(value) {
    if (typeof value === "string") return this.#replace(value);
    if (Array.isArray(value)) return value.map((item) => this.fill(item));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, this.fill(v)]));
  }

  #replace(text) {
    const [, days] = midnight.exec(text) ?? [];
    if (days) return `${new Date(Date.now() + Number(days) * dayLength).toISOString().slice(0, 10)}T00:00:00Z`;
    const [, kind, previous] = placeholder.exec(text) ?? [];
    if (!kind) return text;
    if (!Object.hasOwn(this.#kinds, kind) || (previous && !withPrevious.has(kind))) {
      throw new Error(`Nothing is remembered for ${text}.`);
    }
    const object = (previous ? this.#previous : this.#last).get(kind);
    if (object) return object.id;
    const which = previous ? `Fewer than two objects of the kind ${kind} have` : `No ${kind} has`;
    throw new Error(`${which} been seen yet: run ${this.#kinds[kind] || "what shows one"} first, or write the id instead of ${text}.`);
  }

  /**
   * Remembers the ids of an answer's data: of each kind the first, unless the
   * answer holds the one already remembered, which then stays. Who is signed in
   * (own, an id) is nobody to unlock or to disable, and is left out; so is the
   * current session, which is no other device.
   */
  remember(data, own) {
    if (!data) return;
    const seen = new Map();
    this.#collect(data, null, seen);
    if (this.#last.get("user")?.id === own) this.#last.delete("user");
    for (const [kind, objects] of seen) {
      const others = objects.filter((object) => !object.current && (kind !== "user" || object.id !== own));
      if (others.length) this.#keep(kind, others);
    }
    this.#forgetDeleted(data);
    this.dispatchEvent(new Event("change"));
  }

  #keep(kind, objects) {
    for (const known of [this.#last, this.#previous]) {
      const before = known.get(kind);
      const again = objects.find((object) => object.id === before?.id);
      if (!again) continue;
      known.set(kind, { ...before, ...again });
      return;
    }
    const before = this.#last.get(kind);
    if (before && withPrevious.has(kind)) this.#previous.set(kind, before);
    this.#last.set(kind, objects[0]);
  }

  #forgetDeleted(data) {
    const user = data.deleteUser?.deletedUserId;
    if (user && this.#last.get("user")?.id === user) this.#last.delete("user");
    if (data.signOut?.endedSessionIds?.includes(this.#last.get("session")?.id)) this.#last.delete("session");
    const gone = data.deleteApp?.deletedAppId;
    if (!gone || this.#last.get("app")?.id !== gone) return;
    // What belonged to the app went with it.
    for (const kind of ["app", "credential", "productSubscription"]) this.#last.delete(kind);
    this.#previous.clear();
  }

  // Gathers, by kind, the objects with an id, in the order of the answer. Lists,
  // `nodes`, `edges` and `node` hold what the field around them is called after.
  #collect(value, kind, seen) {
    if (Array.isArray(value)) {
      for (const item of value) this.#collect(item, kind, seen);
      return;
    }
    if (value === null || typeof value !== "object") return;
    if (kind && typeof value.id === "string") seen.set(kind, [...(seen.get(kind) ?? []), value]);
    for (const [field, inner] of Object.entries(value)) {
      const through = field === "nodes" || field === "edges" || field === "node";
      this.#collect(inner, through ? kind : this.#kindOf(field), seen);
    }
  }

  #kindOf(field) {
    // Memberships are the members of an account.
    return [field, field.replace(/s$/, ""), field === "members" ? "membership" : ""].find((name) => Object.hasOwn(this.#kinds, name));
  }
}

function labelOf(object) {
  if (object.method && object.path) return `${object.method} ${object.path}`;
  const name = object.title ?? object.name ?? object.device;
  if (name) return name;
  if (object.secretHint) return `…${object.secretHint}`;
  return object.status ?? "";
}

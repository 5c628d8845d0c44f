import { inject, onScopeDispose, readonly, shallowRef } from "vue";

const key = Symbol("session");

/** A plugin: app.use(withSession, session). */
export const withSession = {
  install(app, session) {
    app.provide(key, session);
    session.start();
  },
};

/** Returns state, a ref with status and viewer, and what the session can do. */
export function useSession() {
  const session = inject(key);
  const state = shallowRef(session.getState());
  onScopeDispose(session.subscribe(() => (state.value = session.getState())));
  const { signIn, completeSignIn, codesSaved, switchAccount, signOut, fetch } = session;
  return { state: readonly(state), signIn, completeSignIn, codesSaved, switchAccount, signOut, fetch };
}

import { createContext, useContext, useEffect, useSyncExternalStore } from "react";

const Session = createContext(null);

/** Shows children to whoever is signed in, and signIn, a page, to others. */
export function SessionProvider({ session, signIn, children, loading = null }) {
  const { status, viewer } = useSyncExternalStore(session.subscribe, session.getState);
  useEffect(() => {
    session.start();
  }, [session]);
  const shown = { "signed-in": children, "signed-out": signIn, loading };
  // The key keeps what was seen as one person, for one account, from the next.
  return <Session.Provider key={viewer && `${viewer.user.id} ${viewer.account?.id}`} value={{ session, viewer }}>{shown[status]}</Session.Provider>;
}

/** Returns the viewer (null on the sign-in page), and what the session can do. */
export function useSession() {
  const { session, viewer } = useContext(Session);
  const { signIn, completeSignIn, codesSaved, switchAccount, signOut, fetch } = session;
  return { viewer, signIn, completeSignIn, codesSaved, switchAccount, signOut, fetch };
}

// A front end in React.
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { createSession } from "../../../docs/frontends/session.js";
import { SessionProvider, useSession } from "../../../docs/frontends/session.react.jsx";
import { load, page } from "./parts.js";

const { server, root } = page();
const session = createSession(server);

function SignIn() {
  const { signIn } = useSession();
  const [problem, setProblem] = useState("");
  const submit = (event) => {
    event.preventDefault();
    const { email, password } = event.target.elements;
    signIn({ email: email.value, password: password.value }).catch((error) => setProblem(error.message));
  };
  return (
    <form id="sign-in" onSubmit={submit}>
      <input id="email" name="email" />
      <input id="password" name="password" type="password" />
      <button>Sign in</button>
      <p id="problem">{problem}</p>
    </form>
  );
}

function Home() {
  const { viewer, signOut, fetch } = useSession();
  const [result, setResult] = useState("");
  return (
    <>
      <p id="who">{viewer.user.name}</p>
      <button id="load" onClick={async () => setResult(await load(fetch, server))}>Load</button>
      <button id="sign-out" onClick={() => signOut()}>Sign out</button>
      <p id="result">{result}</p>
    </>
  );
}

createRoot(root).render(
  <StrictMode>
    <SessionProvider session={session} signIn={<SignIn />}>
      <Home />
    </SessionProvider>
  </StrictMode>,
);

// What the front ends have in common.

/** Where the page's script finds the server, and the element that it fills. */
export const page = () => ({ server: document.body.dataset.server, root: document.getElementById("root") });

let loads = 0;

/** Asks for something that only people who are signed in may see. */
export async function load(fetch, server) {
  const response = await fetch(`${server}/graphql`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify({ query: "{ sessions { totalCount } }" }),
  });
  const { data, errors } = await response.json();
  loads++;
  return errors ? `refused ${loads}: ${errors[0].extensions.code}` : `loaded ${loads}: ${data.sessions.totalCount}`;
}

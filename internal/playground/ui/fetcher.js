// GraphiQL's way to the server.

/**
 * Gives a fetcher that sends with the session, fills in remembered ids, and remembers
 * those of the answer. An Authorization typed in GraphiQL wins over the session's.
 * What cannot be sent or read becomes an answer with `errors`.
 */
export function createFetcher(endpoint, session, ids) {
  return async ({ query, operationName, variables }, { headers } = {}) => {
    try {
      const typed = new Headers(headers).has("Authorization");
      const send = typed ? fetch : session.fetch;
      const response = await send(endpoint, {
        method: "POST",
        headers: {
          "Content-Type": "application/json",
          Accept: "application/graphql-response+json, application/json",
          ...headers,
        },
        body: JSON.stringify({ query, operationName, variables: ids.fill(variables) }),
      });
      const answer = await read(response);
      ids.remember(answer.data, session.getState().viewer?.user?.id);
      return answer;
    } catch (problem) {
      return { errors: [{ message: problem.message }] };
    }
  };
}

async function read(response) {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`The server answered ${response.status}: ${text.slice(0, 200)}`);
  }
}

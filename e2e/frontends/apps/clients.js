// The session under the clients that most front ends use.
import { ApolloClient, gql, HttpLink, InMemoryCache } from "@apollo/client/core";
import { cacheExchange, Client, fetchExchange } from "@urql/core";
import { createSession } from "../../../docs/frontends/session.js";
import { page } from "./parts.js";

const { server } = page();
const session = createSession(server);
const query = "query Sessions { sessions { totalCount } }";

function apollo(path, credentials) {
  const link = new HttpLink({ uri: server + path, credentials, fetch: session.fetch });
  const clientAwareness = { name: "portal", version: "1.0" };
  return new ApolloClient({ link, cache: new InMemoryCache(), clientAwareness });
}

function urql(path, credentials) {
  return new Client({ url: server + path, fetch: session.fetch, fetchOptions: { credentials }, exchanges: [cacheExchange, fetchExchange], preferGetMethod: false });
}

// The test calls these by name.
Object.assign(window, {
  signIn: (email, password) => session.signIn({ email, password }).then(() => "signed in"),
  viaApollo: async (path, credentials) =>
    (await apollo(path, credentials).query({ query: gql(query), fetchPolicy: "network-only" })).data.sessions.totalCount,
  viaUrql: async (path, credentials) => {
    const { data, error } = await urql(path, credentials).query(query, {}, { requestPolicy: "network-only" }).toPromise();
    if (error) throw error;
    return data.sessions.totalCount;
  },
});

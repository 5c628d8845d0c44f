package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// operation is a GraphQL operation that is measured.
type operation struct {
	name  string
	title string
	query string
	// document is the operation's name in its document, by which the baseline selects it;
	// empty if it is name.
	document string
	// clients is how many connections are kept busy; 0: as many as the settings say.
	clients int
	// goal is the intended maximum ratio of the server's CPU time.
	goal float64
	// variables returns those of one request.
	variables func(w *world, r *rand.Rand) map[string]any
}

// operations returns what is measured. The one that writes comes last, so that the others
// read the original data.
func operations() []operation {
	return []operation{
		{name: "AppPage", title: "app page", query: pageQuery, goal: 1.2, variables: anApp},
		{name: "AppPageAlone", title: "app page, one client", query: pageQuery, document: "AppPage", clients: 1, goal: 1.2, variables: anApp},
		{name: "AppList", title: "list of 50", query: listQuery, goal: 1.4, variables: func(w *world, r *rand.Rand) map[string]any {
			return map[string]any{"after": one(r, w.cursors)}
		}},
		{name: "KeyTable", title: "key table", query: keysQuery, goal: 1.5, variables: func(w *world, r *rand.Rand) map[string]any {
			return map[string]any{"id": one(r, w.tables)}
		}},
		{name: "ApprovalQueue", title: "approval queue", query: queueQuery, goal: 1.3, variables: func(w *world, r *rand.Rand) map[string]any {
			return map[string]any{"after": one(r, w.queue)}
		}},
		{name: "GenerateKey", title: "generateKey", query: generateQuery, goal: 1.3, variables: anApp},
	}
}

func anApp(w *world, r *rand.Rand) map[string]any { return map[string]any{"id": one(r, w.apps)} }

// postgresGoal is the intended maximum ratio of Postgres' CPU time, of each operation.
const postgresGoal = 1.2

// operationOf returns an operation by its name.
func operationOf(name string) operation {
	all := operations()
	return all[slices.IndexFunc(all, func(o operation) bool { return o.name == name })]
}

// names returns the operations' names.
func names() (all []string) {
	for _, o := range operations() {
		all = append(all, o.name)
	}
	return all
}

// selected returns the operations of a list of names, in their own order; all of them if it
// is empty.
func selected(list string) (chosen []operation, err error) {
	if list == "" {
		return operations(), nil
	}
	wanted := strings.Split(list, ",")
	for _, o := range operations() {
		if slices.ContainsFunc(wanted, func(name string) bool { return strings.EqualFold(name, o.name) }) {
			chosen = append(chosen, o)
		}
	}
	if len(chosen) != len(wanted) {
		return nil, fmt.Errorf("-only: %q is no list of %s", list, strings.Join(names(), ", "))
	}
	return chosen, nil
}

func one[T any](r *rand.Rand, all []T) T { return all[r.IntN(len(all))] }

// body returns the JSON of a request.
func (o operation) body(variables map[string]any) []byte {
	text, err := json.Marshal(map[string]any{"operationName": cmp.Or(o.document, o.name), "query": o.query, "variables": variables})
	if err != nil {
		panic(err) // strings never fail
	}
	return text
}

const pageQuery = `query AppPage($id: ID!) {
  app(id: $id) {
    id referenceId name description labels { key value } createdAt updatedAt version
    account { id name status }
    credentials(first: 100) {
      nodes { id username secretHint name environment enabled status access createdAt expiresAt lastUsedAt }
    }
    productSubscriptions(first: 100) {
      nodes {
        id status badgeColor reason createdAt decidedAt
        product { id name title status }
        plan { id name kind }
      }
    }
  }
}`

const listQuery = `query AppList($after: String) {
  apps(first: 50, after: $after, orderBy: {field: CREATED_AT, direction: DESC}) {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes { id referenceId name createdAt account { id name } keyCounts { active } }
  }
}`

const keysQuery = `query KeyTable($id: ID!) {
  app(id: $id) {
    id name
    keyCounts { total active disabled expired revoked }
    credentials(first: 50) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes { id username name secretHint rawKeyHint environment status createdAt expiresAt lastUsedAt revokedAt callsLast24h }
    }
  }
}`

const queueQuery = `query ApprovalQueue($after: String) {
  productSubscriptions(where: {status: [WAITING]}, first: 50, after: $after) {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes {
      id status badgeColor createdAt
      app { id referenceId name }
      account { id name }
      product { id name title }
      plan { id name kind }
    }
  }
}`

const generateQuery = `mutation GenerateKey($id: ID!) {
  generateKey(input: {appId: $id}) {
    credential { id username secretHint name environment status createdAt expiresAt }
    secret { username password rawKey }
    userErrors { message field code }
  }
}`

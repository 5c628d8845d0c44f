package playground_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"portico/internal/playground"
)

// stub is a GraphQL server that returns canned responses.
type stub struct {
	mu    sync.Mutex
	calls []call
}

// call is a request to the stub.
type call struct {
	Operation string `json:"operationName"`
	Query     string
	Variables map[string]any
	token     string
}

// serve starts the playground beside the stub and returns the page's URL.
func serve(t *testing.T) (*stub, string) {
	t.Helper()
	s := &stub{}
	h := playground.Handler(playground.Options{
		Demo: []playground.SignIn{
			{Email: "dev@demo.example", Organization: "demo", Account: "Acme", Role: "developer"},
			{Email: "admin@demo.example", Organization: "demo", Role: "administrator"},
		},
		DemoPassword: "sesame", Kinds: []string{"app", "credential", "product", "plan", "user", "productSubscription"},
	})
	mux := http.NewServeMux()
	mux.HandleFunc("POST /graphql", s.answer)
	mux.Handle("/playground", h)
	mux.Handle("/playground/", h)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return s, server.URL + "/playground"
}

// asked returns the calls of one operation.
func (s *stub) asked(operation string) []call {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []call
	for _, c := range s.calls {
		if c.Operation == operation {
			found = append(found, c)
		}
	}
	return found
}

func (s *stub) answer(w http.ResponseWriter, r *http.Request) {
	c := call{token: r.Header.Get("Authorization")}
	if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	s.calls = append(s.calls, c)
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(reply(c))
}

// reply returns the canned response.
func reply(c call) any {
	switch {
	case c.Operation == "IntrospectionQuery":
		return introspection(c.token != "")
	case strings.Contains(c.Query, "signIn("):
		return signIn(c.Variables["input"].(map[string]any))
	case c.Operation == "Products":
		return data(obj{"products": obj{"nodes": []obj{{"id": "prod_1", "title": "Weather",
			"plans": obj{"nodes": []obj{{"id": "plan_1", "name": "Free"}}}}}}})
	case c.Operation == "CreateApp":
		return data(obj{"createApp": obj{"app": obj{"id": "app_1", "name": "Station"},
			"credential": obj{"id": "cred_1", "secretHint": "aaaa"}}})
	case c.Operation == "Users":
		return data(obj{"users": obj{"nodes": []obj{{"id": "user_1", "name": "Dana Developer"}, {"id": "user_2", "name": "Somebody Else"}}}})
	case c.Operation == "GenerateKey":
		return data(obj{"generateKey": obj{"credential": obj{"id": "cred_2", "secretHint": "bbbb"}}})
	case c.Operation == "RevokeKey":
		return data(obj{"revokeKey": obj{"credential": obj{"id": c.Variables["input"].(map[string]any)["credentialId"]}}})
	case c.Operation == "DeleteApp":
		return data(obj{"deleteApp": obj{"deletedAppId": "app_1"}})
	case c.Operation == "Register":
		return data(obj{"register": obj{"productSubscription": obj{"id": "sub_1", "status": "WAITING"}}})
	}
	return data(obj{"viewer": nil})
}

type obj map[string]any

func data(o obj) obj { return obj{"data": o} }

func signIn(input map[string]any) obj {
	if input["password"] != "sesame" {
		return obj{"data": nil, "errors": []obj{{"message": "E-mail or password is wrong."}}}
	}
	life := 10 * time.Minute
	if input["email"] == "late@demo.example" {
		life = -time.Minute
	}
	return data(obj{"signIn": obj{
		"accessToken": "token-of-" + input["email"].(string),
		"expiresAt":   time.Now().Add(life).UTC().Format(time.RFC3339),
		"viewer": obj{"role": "PORTAL", "user": obj{"id": "user_1", "name": "Dana Developer", "email": input["email"]},
			"account": obj{"id": "acct_1", "name": "Acme"}, "organization": obj{"name": "Demo"}},
	}})
}

// introspection describes a schema of two types; signed-in users see a further field.
func introspection(signedIn bool) obj {
	text := obj{"kind": "SCALAR", "name": "String", "ofType": nil}
	field := func(name string) obj {
		return obj{"name": name, "description": "About " + name + ".", "args": []obj{}, "type": text,
			"isDeprecated": false, "deprecationReason": nil}
	}
	fields := []obj{field("greeting")}
	if signedIn {
		fields = append(fields, field("membersOnly"))
	}
	return data(obj{"__schema": obj{
		"queryType": obj{"name": "Query"}, "mutationType": nil, "subscriptionType": nil, "directives": []obj{},
		"types": []obj{
			{"kind": "OBJECT", "name": "Query", "fields": fields, "interfaces": []obj{}},
			{"kind": "SCALAR", "name": "String"},
			{"kind": "SCALAR", "name": "Boolean"},
		},
	}})
}

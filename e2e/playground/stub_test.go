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
	// sessions are those who are signed in; their addresses are their cookies.
	sessions map[string]bool
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
	s := &stub{sessions: map[string]bool{}}
	h := playground.Handler(playground.Options{
		Demo: []playground.SignIn{
			{Email: "dev@demo.example", Organization: "demo", Account: "Acme", Role: "developer"},
			{Email: "admin@demo.example", Organization: "demo", Role: "administrator"},
		},
		DemoPassword: "sesame", Kinds: []string{"app", "credential", "product", "plan", "user", "productSubscription"},
	})
	mux := http.NewServeMux()
	mux.HandleFunc("POST /graphql", s.answer)
	mux.HandleFunc("POST /session/graphql", s.answerWithCookie)
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

// answer serves the API for access tokens: a token is valid while its session lasts.
func (s *stub) answer(w http.ResponseWriter, r *http.Request) {
	c, ok := s.read(w, r)
	if !ok {
		return
	}
	if s.hasEnded(c.token) {
		send(w, http.StatusUnauthorized, refusal)
		return
	}
	send(w, http.StatusOK, reply(c))
}

// answerWithCookie serves what begins, renews and ends sessions.
func (s *stub) answerWithCookie(w http.ResponseWriter, r *http.Request) {
	c, ok := s.read(w, r)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var email string
	if sent, err := r.Cookie(cookieName); err == nil {
		email = sent.Value
	}
	switch {
	case strings.Contains(c.Query, "signIn("):
		s.begin(w, c.Variables["input"].(map[string]any))
	case strings.Contains(c.Query, "completeSignIn("):
		s.complete(w, c.Variables["input"].(map[string]any))
	case !s.sessions[email]:
		send(w, http.StatusUnauthorized, refusal)
	case strings.Contains(c.Query, "refreshSession"):
		send(w, http.StatusOK, data(obj{"refreshSession": signedIn(email)}))
	default:
		delete(s.sessions, email)
		http.SetCookie(w, &http.Cookie{Name: cookieName, Path: "/session", HttpOnly: true, MaxAge: -1})
		send(w, http.StatusOK, data(obj{"signOut": obj{"endedSessionIds": []string{"sess_1"}}}))
	}
}

// begin answers a sign-in.
func (s *stub) begin(w http.ResponseWriter, input map[string]any) {
	if input["password"] != "sesame" {
		send(w, http.StatusOK, obj{"data": nil, "errors": []obj{{"message": "E-mail or password is wrong."}}})
		return
	}
	email := input["email"].(string)
	if strings.HasPrefix(email, "careful") {
		send(w, http.StatusOK, data(obj{"signIn": obj{"challenge": obj{"token": email, "setup": obj{"secret": "ABCD", "uri": "otpauth://totp/Demo"}}}}))
		return
	}
	s.enter(w, email)
	send(w, http.StatusOK, data(obj{"signIn": signedIn(email)}))
}

// complete answers the code of a second factor.
func (s *stub) complete(w http.ResponseWriter, input map[string]any) {
	if input["code"] != "123456" {
		send(w, http.StatusOK, data(obj{"completeSignIn": obj{"userErrors": []obj{{"message": "This code is wrong."}}}}))
		return
	}
	email := input["challenge"].(string)
	s.enter(w, email)
	answer := signedIn(email)
	answer["recoveryCodes"] = []string{"AAAA-BBBB"}
	send(w, http.StatusOK, data(obj{"completeSignIn": answer}))
}

// enter begins a session.
func (s *stub) enter(w http.ResponseWriter, email string) {
	s.sessions[email] = true
	http.SetCookie(w, &http.Cookie{Name: cookieName, Path: "/session", HttpOnly: true, Value: email})
}

// endAll signs everybody out, elsewhere than in the page.
func (s *stub) endAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.sessions)
}

// hasEnded reports whether an access token's session has ended.
func (s *stub) hasEnded(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	email, ok := strings.CutPrefix(token, "Bearer token-of-")
	return ok && !s.sessions[email]
}

// read reads a request and keeps it; ok is false if it has been refused.
func (s *stub) read(w http.ResponseWriter, r *http.Request) (c call, ok bool) {
	c.token = r.Header.Get("Authorization")
	if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return c, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, c)
	return c, true
}

func send(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

const cookieName = "stub-session"

// refusal is the answer to whoever is not signed in.
var refusal = obj{"errors": []obj{{"message": "Sign in first.", "extensions": obj{"code": "UNAUTHENTICATED"}}}}

// reply returns the canned response.
func reply(c call) any {
	switch {
	case c.Operation == "IntrospectionQuery":
		return introspection(c.token != "")
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

// signedIn is what a person gets who signs in or refreshes.
func signedIn(email string) obj {
	return obj{
		"accessToken": "token-of-" + email,
		"expiresAt":   time.Now().Add(10 * time.Minute).UTC().Format(time.RFC3339),
		"viewer": obj{"role": "PORTAL", "user": obj{"id": "user_1", "name": "Dana Developer", "email": email},
			"account": obj{"id": "acct_1", "name": "Acme"}, "organization": obj{"name": "Demo"}},
	}
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

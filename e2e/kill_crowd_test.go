package e2e

import (
	"fmt"
	"sync"

	"github.com/google/uuid"

	"portico/e2e/servertest"
	"portico/internal/nodeid"
)

// fact is the state of an object at a version, according to a response.
type fact struct {
	id      string // of the row
	version int
	state   string
}

// The terminal states.
const (
	deleted = "deleted"
	revoked = "REVOKED"
)

// witness records the responses until a kill.
type witness struct {
	target int
	// enough is closed when target writes are acknowledged.
	enough chan struct{}

	mu     sync.Mutex
	closed bool
	// acknowledged and unanswered count writes; facts is what the
	// acknowledgements contained.
	acknowledged, unanswered int
	facts                    []fact
	// cut are the inputs of createApp that were not answered.
	cut []servertest.Vars
	// wrong are unexpected responses.
	wrong []string
}

func newWitness(target int) *witness {
	return &witness{target: target + 1, enough: make(chan struct{})}
}

// close is called when the program is killed: no more writes begin, so that the
// unanswered ones are those in flight.
func (w *witness) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
}

// crowd runs the writers until they receive no responses any more.
func (w *witness) crowd(writer func() *writer) {
	var writing sync.WaitGroup
	for range crowd {
		writing.Go(func() {
			for x := writer(); x.live(); {
			}
		})
	}
	writing.Wait()
}

// writer is a client that creates, changes and deletes apps.
type writer struct {
	*witness
	developer, admin *servertest.Client
	product          string
	lives            int
}

// live creates, changes and deletes one app, and reports whether the program still
// answers.
func (x *writer) live() bool {
	x.lives++
	name := "Life of " + uuid.NewString()
	created, ok := x.write(x.developer, "createApp", servertest.Vars{"name": name, "idempotencyKey": name},
		"app { id version name } credential { id version status }")
	if !ok {
		return false
	}
	app, credential := created.Text("createApp", "app", "id"), created.Text("createApp", "credential", "id")
	steps := []func() (*servertest.Answer, bool){
		func() (*servertest.Answer, bool) {
			return x.write(x.developer, "generateKey", servertest.Vars{"appId": app}, "credential { id version status }")
		},
		func() (*servertest.Answer, bool) {
			return x.write(x.developer, "updateApp", servertest.Vars{"appId": app, "version": 1, "name": name + ", second part"}, "app { id version name }")
		},
		func() (*servertest.Answer, bool) {
			return x.write(x.developer, "revokeKey", servertest.Vars{"credentialId": credential}, "credential { id version status }")
		},
	}
	for _, step := range steps {
		if _, ok := step(); !ok {
			return false
		}
	}
	return x.subscribe(app) && (x.lives%3 != 0 || x.end(app))
}

// subscribe registers the app, approves the subscription, and ends every second one.
func (x *writer) subscribe(app string) bool {
	const selection = "productSubscription { id version status }"
	a, ok := x.write(x.developer, "register", servertest.Vars{"appId": app, "productId": x.product}, selection)
	if !ok {
		return false
	}
	it := servertest.Vars{"subscriptionId": a.Text("register", "productSubscription", "id")}
	if _, ok = x.write(x.admin, "approveSubscription", it, selection); ok && x.lives%2 == 0 {
		_, ok = x.write(x.admin, "unregister", it, selection)
	}
	return ok
}

// end deletes the app.
func (x *writer) end(app string) bool {
	_, ok := x.write(x.developer, "deleteApp", servertest.Vars{"appId": app}, "deletedAppId")
	return ok
}

// write sends a mutation and records its outcome. It returns false if the program is gone,
// or if the response is unexpected.
func (x *writer) write(as *servertest.Client, mutation string, input servertest.Vars, selection string) (*servertest.Answer, bool) {
	x.mu.Lock()
	closed := x.closed
	x.mu.Unlock()
	if closed {
		return nil, false
	}
	a, err := as.Try(document(mutation, selection), servertest.Vars{"input": input})
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case err != nil:
		x.unanswered++
		if mutation == "createApp" {
			x.cut = append(x.cut, input)
		}
		return nil, false
	case len(a.Errors) > 0 || len(a.List(mutation, "userErrors")) > 0:
		x.wrong = append(x.wrong, a.Raw)
		return nil, false
	}
	x.facts = append(x.facts, factsOf(a, mutation)...)
	if x.acknowledged++; x.acknowledged == x.target {
		close(x.enough)
	}
	return a, true
}

func document(mutation, selection string) string {
	return fmt.Sprintf("mutation($input: %s!) { %s(input: $input) { %s userErrors { code } } }",
		string(mutation[0]-'a'+'A')+mutation[1:]+"Input", mutation, selection)
}

// factsOf returns the facts in a payload.
func factsOf(a *servertest.Answer, mutation string) []fact {
	var facts []fact
	for _, object := range []string{"app", "credential", "productSubscription"} {
		if a.At(mutation, object) == nil {
			continue
		}
		state := a.Text(mutation, object, "status")
		if object == "app" {
			state = a.Text(mutation, object, "name")
		}
		facts = append(facts, fact{row(a.Text(mutation, object, "id")), a.Number(mutation, object, "version"), state})
	}
	if id := a.Text(mutation, "deletedAppId"); id != "" {
		facts = append(facts, fact{row(id), 1, deleted})
	}
	return facts
}

// row returns the row's id behind an opaque one.
func row(id string) string {
	_, key, _ := nodeid.Split(id)
	return key.String()
}

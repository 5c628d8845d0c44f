package e2e

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/testdb"
)

const (
	// runners is the number of requests that a race sends at the same moment.
	runners = 64
	// rounds is how often each race is run, on new objects: who comes first differs.
	rounds = 3
)

// track is where races are run: one node on SQLite, two over one database and key ring on
// Postgres.
type track struct {
	nodes []*servertest.Server
}

func newTrack(t *testing.T, url string) *track {
	t.Helper()
	shared := []string{"XDG_CONFIG_HOME=" + t.TempDir()}
	if !strings.HasPrefix(url, "postgres") {
		return &track{[]*servertest.Server{servertest.Start(t, url, shared...)}}
	}
	shared = append(shared, "PORTICO_KEYRING="+t.TempDir()+"/ring.json")
	out, err := servertest.Command(t, url, shared, "keys", "create").CombinedOutput()
	require.NoError(t, err, string(out))
	return &track{[]*servertest.Server{servertest.Start(t, url, shared...), servertest.Start(t, url, shared...)}}
}

// eachTrack runs a test on both databases, one after the other and with nothing beside it:
// a busy machine answers late, which is not what races are about.
func eachTrack(t *testing.T, f func(t *testing.T, r *track)) {
	testdb.EachEmpty(t, func(t *testing.T, url string) { f(t, newTrack(t, url)) })
}

// rival is a request of a race: whose, and which.
type rival struct {
	who       *servertest.Client
	mutation  string
	input     vars
	selection string
	// then is called with the node that has answered, at once, if the request succeeded.
	then func(node *servertest.Server)
}

// finish is how a rival's request ended.
type finish struct {
	rival
	answer *servertest.Answer
	// outcome is OK, the code of a problem of the input, or code and reason of an error.
	outcome string
}

// run sends the rivals' requests in turn, until there are as many as a race has, at the same
// moment and distributed over the nodes.
func (r *track) run(t *testing.T, all ...rival) []finish {
	t.Helper()
	out := make([]finish, runners)
	start := make(chan struct{})
	var running sync.WaitGroup
	for n := range out {
		one, node := all[n%len(all)], r.nodes[n/len(all)%len(r.nodes)]
		who := *one.who
		who.URL = node.URL
		running.Go(func() {
			<-start
			a, err := who.TryAsk(one.mutation, one.input, one.selection)
			if err != nil {
				out[n] = finish{one, nil, err.Error()}
				return
			}
			out[n] = finish{one, a, outcome(one.mutation, a)}
			if out[n].outcome == "OK" && one.then != nil {
				one.then(node)
			}
		})
	}
	close(start)
	running.Wait()
	return out
}

// outcome returns how a request ended; an answer that reveals internals as a whole, so that
// no test expects it.
func outcome(mutation string, a *servertest.Answer) string {
	switch problems := a.UserErrors(mutation); {
	case len(a.Leaks()) > 0:
		return a.Raw
	case len(a.Errors) == 1:
		reason, _ := a.Errors[0].Extensions["reason"].(string)
		return a.Errors[0].Code() + "/" + reason
	case len(problems) == 1:
		return problems[0]
	case len(problems) == 0 && a.At(mutation) != nil:
		return "OK"
	}
	return a.Raw
}

// requireOutcomes requires that a mutation's requests ended in no other way than these, and
// returns those that succeeded.
func requireOutcomes(t *testing.T, all []finish, mutation string, allowed ...string) (winners []finish) {
	t.Helper()
	for _, f := range all {
		if f.mutation != mutation {
			continue
		}
		require.Contains(t, append(allowed, "OK"), f.outcome, mutation)
		if f.outcome == "OK" {
			winners = append(winners, f)
		}
	}
	return winners
}

// events returns the types of an object's events as an administrator sees them, the oldest
// first. It requires that each change of its status begins where the one before ended, and
// that the last ends here; "": that there is none.
func (c *actors) events(t *testing.T, subject, last string) (types []string) {
	t.Helper()
	a := c.admin.Must(t, `query($id: ID!) { events(first: 100, where: {subjectId: $id}, orderBy: {direction: ASC}) {
		totalCount nodes { type changes { field before after } } } }`, vars{"id": subject})
	types = texts(a, "type", "events", "nodes")
	require.Len(t, types, a.Number("events", "totalCount"))
	status := ""
	for i := range types {
		for _, one := range a.List("events", "nodes", i, "changes") {
			if change := one.(map[string]any); change["field"] == "status" {
				if status != "" { // how it began is in no change
					require.Equal(t, status, change["before"], "%s of %v", types[i], types)
				}
				status, _ = change["after"].(string)
			}
		}
	}
	require.Equal(t, last, status, "after %v", types)
	return types
}

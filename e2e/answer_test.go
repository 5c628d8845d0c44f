package e2e

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/testdb"
)

// A short request with a long response is refused for its cost, or ends with an error
// when the response reaches its maximum size; the server is healthy afterwards.
func TestLongAnswers(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, longAnswers)
}

func longAnswers(t *testing.T, url string) {
	t.Parallel()
	s := servertest.Start(t, url, "PORTICO_MAX_ANSWER=65536")
	admin, dev := s.SignIn(t, "admin@demo.example"), s.SignIn(t, "developer@demo.example")
	labels := make([]vars, 50)
	for i := range labels {
		labels[i] = vars{"key": "k" + strconv.Itoa(i), "value": strings.Repeat("v", 255)}
	}
	for i := range 6 {
		dev.Do(t, "createApp", vars{"name": "long " + strconv.Itoa(i), "labels": labels}, `app { id }`)
	}

	dear := admin.Send(t, `{ apps(first: 80) { nodes { account { apps(first: 80) { nodes { labels { value } } } } } } }`, nil)
	require.Equal(t, []string{"BAD_USER_INPUT"}, dear.Codes())
	require.Equal(t, "COST", dear.Errors[0].Extensions["limit"])
	require.Equal(t, 333041.0, dear.Errors[0].Extensions["requested"])
	require.Equal(t, 50000.0, dear.Errors[0].Extensions["allowed"])

	long := admin.Send(t, `{ apps(first: 50) { nodes { labels { value } } } }`, nil)
	require.Equal(t, []string{"TOO_LARGE"}, long.Codes())
	require.Equal(t, "ANSWER_BYTES", long.Errors[0].Extensions["limit"])
	require.Less(t, len(long.Raw), 1000)

	// A secret that is shown once is not lost because the response of a sibling is long.
	a := dev.Send(t, `mutation {
		new: createApp(input: {name: "kept"}) { secret { rawKey } }
		old: createApp(input: {name: "long"}) { app { account { apps(first: 50) { nodes { labels { value } } } } } } }`, nil)
	require.NotEmpty(t, a.Text("new", "secret", "rawKey"), a.Codes())
	require.Equal(t, []string{"TOO_LARGE"}, a.Codes())
	require.NotEmpty(t, dev.Must(t, `{ apps { totalCount } }`, nil).Number("apps", "totalCount"), "the server is well")
}

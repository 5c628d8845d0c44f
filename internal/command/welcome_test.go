package command

import (
	"bytes"
	"context"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The README shows exactly what a first run prints.
func TestTheREADMEShowsTheGreeting(t *testing.T) {
	page, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	shown := regexp.MustCompile("(?s)```\n(Portico is ready\\..*?)```").FindSubmatch(page)
	require.NotNil(t, shown)
	ring := newDevelopmentRing(t)
	t.Chdir(t.TempDir()) // for the database of no other name
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	log := newLogText()
	out := bytes.Buffer{}
	ended := make(chan error, 1)
	args := []string{"serve", "--dev", "--keyring=" + ring, "--addr=127.0.0.1:0", "--gateway-addr=127.0.0.1:0", "--ops-addr=127.0.0.1:0", "--drain-delay=0s", "--log=json"}
	go func() { ended <- run(ctx, args, noVariables, strings.NewReader(""), &out, log) }()
	select {
	case <-log.serving:
	case err := <-ended:
		require.FailNow(t, "the program ended", "%v\n%s", err, log)
	}
	stop()
	require.NoError(t, <-ended)
	printed := out.String()
	for path, port := range map[string]string{"playground": "8080", "dev/mail": "8080", "graphql": "8080", "v1/verify": "8081", "metrics": "8082"} {
		printed = regexp.MustCompile(`127\.0\.0\.1:\d+/`+path).ReplaceAllString(printed, "127.0.0.1:"+port+"/"+path)
	}
	require.Equal(t, strings.TrimSpace(printed), strings.TrimSpace(string(shown[1])))
}

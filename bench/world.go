package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"portico/internal/database"
)

// demoPassword is the password of the demo users in the throwaway database.
const demoPassword = "of no use after this run"

// prepareTimeout bounds the statements that prepare the database.
const prepareTimeout = 5 * time.Minute

// leastConns is the least number of connections to the database that each server may open.
const leastConns = 4

// world is the two servers, their data, and a token for requests.
type world struct {
	settings
	// url is the address of the database, and env the environment of the servers.
	url      string
	env      []string
	database *database.DB
	portico  *server
	baseline *server
	token    string
	// apps are ids, and cursors the starts of the list's pages; nil is the first page.
	apps    []string
	cursors []*string
	// tables are ids of apps with many credentials, and queue the starts of the pages of
	// the approval queue.
	tables []string
	queue  []*string
	// loadBefore is the machine's load average before the first round.
	loadBefore string
}

// prepare builds both servers, creates the large data set and starts them.
func prepare(ctx context.Context, folder, url string, s settings) (w *world, err error) {
	w = &world{settings: s, url: url}
	created := w // w may be nil after return
	defer func() {
		if err != nil {
			err = errors.Join(err, created.close())
		}
	}()
	portico, baseline := filepath.Join(folder, "portico"), filepath.Join(folder, "baseline")
	ring := filepath.Join(folder, "keyring.json")
	w.env = append(os.Environ(), "DATABASE_URL="+url, "PORTICO_KEYRING="+ring, "PORTICO_DEMO_PASSWORD="+demoPassword,
		"PORTICO_DEV=false", "PORTICO_USER_BUDGET=0", "PORTICO_ORGANIZATION_BUDGET=0", "PORTICO_LOG=json", "PORTICO_LOG_LEVEL=info",
		"PORTICO_DB_CONNS="+strconv.Itoa(max(s.clients, leastConns)), "PORTICO_DRAIN_DELAY=0s", "GOMAXPROCS=1", "GOGC=400")
	for _, command := range [][]string{
		{"go", "build", "-o", portico, "portico"},
		{"go", "build", "-o", baseline, "portico/bench/baseline"},
		{portico, "keys", "create"},
		{portico, "seed", "--apps", strconv.Itoa(s.apps)},
	} {
		if err := tool(ctx, w.env, command...); err != nil {
			return w, err
		}
	}
	if w.database, err = database.Open(ctx, url, database.Options{MaxConns: 2, IOTimeout: prepareTimeout, StatementTimeout: -1}); err != nil {
		return w, err
	}
	if w.portico, err = w.start(ctx, porticoName, s.profiled(), portico, "serve"); err != nil {
		return w, err
	}
	if w.baseline, err = w.start(ctx, baselineName, false, baseline); err != nil {
		return w, err
	}
	if err = w.survey(ctx); err != nil {
		return w, err
	}
	if err = w.furnish(ctx); err != nil {
		return w, err
	}
	return w, w.surveyQueue(ctx)
}

// tool runs a command to its end.
func tool(ctx context.Context, env []string, command ...string) error {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = env
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w\n%s", command, err, out)
	}
	return nil
}

// close stops the servers.
func (w *world) close() error {
	var err error
	if w.portico != nil {
		err = w.portico.stop()
	}
	if w.baseline != nil {
		err = errors.Join(err, w.baseline.stop())
	}
	if w.database != nil {
		err = errors.Join(err, w.database.Close())
	}
	return err
}

// pageInfo says where the next page begins.
type pageInfo struct {
	HasNextPage bool
	EndCursor   *string
}

// survey reads the whole list and records the apps and the cursors of its pages.
func (w *world) survey(ctx context.Context) error {
	if err := w.signIn(ctx); err != nil {
		return err
	}
	list := operationOf("AppList")
	for after := (*string)(nil); ; {
		var page struct {
			Data struct {
				Apps struct {
					PageInfo pageInfo
					Nodes    []struct{ ID string }
				}
			}
		}
		text, err := w.portico.ask(ctx, w.token, list.body(map[string]any{"after": after}))
		if err != nil {
			return err
		}
		if err := json.Unmarshal(text, &page); err != nil {
			return err
		}
		for _, app := range page.Data.Apps.Nodes {
			w.apps = append(w.apps, app.ID)
		}
		if !page.Data.Apps.PageInfo.HasNextPage {
			break
		}
		// The last page is left out: it may be shorter than the others.
		w.cursors = append(w.cursors, after)
		after = page.Data.Apps.PageInfo.EndCursor
	}
	if len(w.apps) < w.settings.apps || len(w.cursors) == 0 {
		return fmt.Errorf("only %d apps are listed", len(w.apps))
	}
	return nil
}

// signIn returns a new access token, which is valid for ten minutes.
func (w *world) signIn(ctx context.Context) error {
	body, err := json.Marshal(map[string]any{
		"query": `mutation($input: SignInInput!) { signIn(input: $input) { accessToken } }`,
		"variables": map[string]any{"input": map[string]any{
			"email": "admin@demo.example", "organization": "demo", "password": demoPassword}},
	})
	if err != nil {
		return err
	}
	text, err := w.portico.ask(ctx, "", body)
	if err != nil {
		return err
	}
	var answer struct {
		Data struct{ SignIn struct{ AccessToken string } }
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return err
	}
	w.token = answer.Data.SignIn.AccessToken
	if w.token == "" {
		return errors.New("signing in failed")
	}
	return nil
}

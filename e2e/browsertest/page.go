// Package browsertest drives the playground in a headless Chromium, for tests.
//
// The browser starts with an empty profile and can resolve no host but
// 127.0.0.1 and those below test. Each method fails the test if the page does not react within the deadline
// of Open.
package browsertest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// deadline bounds all that a test does with one page. It only ends a test that hangs: no
// assertion depends on it.
const deadline = 3 * time.Minute

const pollInterval = 20 * time.Millisecond

// Page is an open page, the playground unless Visit was asked for another.
type Page struct {
	t   testing.TB
	ctx context.Context

	mu       sync.Mutex
	requests []string
	// methods are those of the requests, by the browser's ids.
	methods   map[network.RequestID]string
	responses []Response
	problems  []string
}

// Open shows the playground at url, 1280×800, once GraphiQL is there. Without
// a Chromium on the machine the test is skipped, or fails where CI=true.
func Open(t testing.TB, url string) *Page {
	t.Helper()
	p := Visit(t, url)
	p.do("open", chromedp.WaitVisible(`.graphiql-execute-button`), chromedp.WaitVisible(queryEditor))
	return p
}

// findChromium returns the path of the browser.
func findChromium(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("no Chromium on this machine, and CI needs one")
	}
	t.Skip("no Chromium on this machine")
	return ""
}

// flags returns the options of a browser without internet access. chromedp creates an
// empty profile for it and removes that afterwards.
func flags(path string) []chromedp.ExecAllocatorOption {
	return []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path),
		chromedp.Headless,
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.NoFirstRun,
		chromedp.WindowSize(1280, 800),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("host-resolver-rules", "MAP *.test 127.0.0.1 , MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"),
		chromedp.WSURLReadTimeout(time.Minute),
	}
}

// listen records the page's requests and errors.
func (p *Page) listen(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		p.requests = append(p.requests, e.Request.URL)
		p.methods[e.RequestID] = e.Request.Method
	case *network.EventResponseReceived:
		p.responses = append(p.responses, Response{p.methods[e.RequestID], e.Response.URL, e.Response.Status})
	case *network.EventWebSocketCreated:
		p.requests = append(p.requests, e.URL)
	case *runtime.EventExceptionThrown:
		p.problems = append(p.problems, e.ExceptionDetails.Error())
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError {
			p.problems = append(p.problems, arguments(e.Args))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError && !strings.Contains(e.Entry.Text, "status of 401") {
			p.problems = append(p.problems, e.Entry.Text+" "+e.Entry.URL)
		}
	}
}

func arguments(objects []*runtime.RemoteObject) string {
	text := "console.error:"
	for _, o := range objects {
		if o.Description != "" {
			text += " " + o.Description
		} else {
			text += " " + string(o.Value)
		}
	}
	return text
}

// Requests returns the URLs that the page has requested so far, including data: URLs.
func (p *Page) Requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.requests...)
}

// ConsoleErrors returns the errors in the page's console so far: exceptions,
// console.error, refusals of the content policy, failed requests. The browser also
// reports each answer with the status 401, such as that to the question who is signed
// in when nobody is: that is no failure, and is left out.
func (p *Page) ConsoleErrors() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.problems...)
}

// do runs actions and fails the test with what was being done.
func (p *Page) do(what string, actions ...chromedp.Action) {
	p.t.Helper()
	if err := chromedp.Run(p.ctx, actions...); err != nil {
		p.t.Fatalf("playground: %s: %v (console: %q)", what, err, p.ConsoleErrors())
	}
}

// call runs a script function with arguments given as JSON, and reads its answer.
func (p *Page) call(what, function string, result any, args ...any) {
	p.t.Helper()
	p.do(what, chromedp.Evaluate(invocation(p.t, function, args), result))
}

// await runs a script function again and again until it is true.
func (p *Page) await(what, function string, args ...any) {
	p.t.Helper()
	// By time: in a tab that is not in front nothing is drawn.
	p.do(what, chromedp.Poll(invocation(p.t, function, args), nil, chromedp.WithPollingTimeout(deadline), chromedp.WithPollingInterval(pollInterval)))
}

func invocation(t testing.TB, function string, args []any) string {
	t.Helper()
	list, err := json.Marshal(append([]any{}, args...))
	if err != nil {
		t.Fatalf("playground: arguments: %v", err)
	}
	return fmt.Sprintf("(%s)(...%s)", function, list)
}

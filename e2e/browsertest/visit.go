package browsertest

import (
	"context"
	"testing"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Response is the beginning of a response that a page has got.
type Response struct {
	Method, URL string
	Status      int64
}

// Visit shows any page in a new browser.
func Visit(t testing.TB, url string) *Page {
	t.Helper()
	return newPage(t, newBrowser(t), url)
}

// Tab shows a page in another tab of the same browser.
func (p *Page) Tab(url string) *Page {
	p.t.Helper()
	return newPage(p.t, p.ctx, url)
}

// newBrowser starts a browser, which ends with the test.
func newBrowser(t testing.TB) context.Context {
	t.Helper()
	alloc, stop := chromedp.NewExecAllocator(context.Background(), flags(findChromium(t))...)
	t.Cleanup(stop)
	ctx, cancel := context.WithTimeout(alloc, deadline)
	t.Cleanup(cancel)
	return ctx
}

// newPage opens a tab; parent is a browser or another tab of it.
func newPage(t testing.TB, parent context.Context, url string) *Page {
	t.Helper()
	tab, closeTab := chromedp.NewContext(parent)
	t.Cleanup(closeTab)
	p := &Page{t: t, ctx: tab, methods: map[network.RequestID]string{}}
	chromedp.ListenTarget(tab, p.listen)
	p.do("open", network.Enable(), log.Enable(), cdpruntime.Enable(), chromedp.EmulateViewport(1280, 800), chromedp.Navigate(url))
	return p
}

// Load loads the page again.
func (p *Page) Load() {
	p.t.Helper()
	p.do("load again", chromedp.Reload())
}

// Await waits until a script function is true, with arguments given as JSON.
func (p *Page) Await(what, function string, args ...any) {
	p.t.Helper()
	p.await(what, function, args...)
}

// Call runs a script function, waits for its promise, and reads its answer.
func (p *Page) Call(what, function string, result any, args ...any) {
	p.t.Helper()
	p.do(what, chromedp.Evaluate(invocation(p.t, function, args), result,
		func(e *cdpruntime.EvaluateParams) *cdpruntime.EvaluateParams { return e.WithAwaitPromise(true) }))
}

// Text returns the text of the first element that a selector finds; "" if there is
// none.
func (p *Page) Text(selector string) string {
	p.t.Helper()
	return p.text(`(selector) => document.querySelector(selector)?.textContent ?? ''`, selector)
}

// Cookies returns the names of the cookies that the browser has for a URL, and whether
// scripts can read them.
func (p *Page) Cookies(url string) map[string]bool {
	p.t.Helper()
	readable := map[string]bool{}
	p.do("cookies", chromedp.ActionFunc(func(ctx context.Context) error {
		all, err := network.GetCookies().WithURLs([]string{url}).Do(ctx)
		for _, c := range all {
			readable[c.Name] = !c.HTTPOnly
		}
		return err
	}))
	return readable
}

// Responses returns the responses that the page has got so far.
func (p *Page) Responses() []Response {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Response(nil), p.responses...)
}

package browsertest

import (
	"os"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Where GraphiQL keeps its three editors.
const (
	queryEditor    = `.graphiql-query-editor .CodeMirror`
	variableEditor = `.graphiql-editor-tool .graphiql-editor:first-child .CodeMirror`
	answerEditor   = `.graphiql-response .result-window .CodeMirror`
)

// SignIn fills in the form, sends it, and waits until the bar shows a user, a problem, or
// the field for a code; see User, Problem and EnterCode. A user who is signed in must sign out first.
func (p *Page) SignIn(email, password string) {
	p.t.Helper()
	p.do("sign in",
		chromedp.SetValue("#email", email),
		chromedp.SetValue("#password", password),
		chromedp.Click("#sign-in button"))
	p.await("sign in as "+email, answeredSignIn)
}

// answeredSignIn is true when the bar shows a user, a problem, or the field for a code.
const answeredSignIn = `() => !document.querySelector('#signed-in').hidden
	|| document.querySelector('#problem').textContent !== '' || !document.querySelector('#second-factor').hidden`

// EnterCode sends a code of the second factor, and waits until the bar shows a user or a
// problem.
func (p *Page) EnterCode(code string) {
	p.t.Helper()
	p.await("the field for the code", `() => !document.querySelector('#second-factor').hidden`)
	p.do("enter a code", chromedp.SetValue("#code", code), chromedp.Click("#second-factor button"))
	p.await("the code", `() => !document.querySelector('#signed-in').hidden || document.querySelector('#problem').textContent !== ''`)
}

// SignOut presses the button of the bar.
func (p *Page) SignOut() {
	p.t.Helper()
	p.do("sign out", chromedp.Click("#sign-out"), chromedp.WaitVisible("#sign-in"))
}

// User returns the name of the user who is signed in, or "".
func (p *Page) User() string {
	p.t.Helper()
	return p.text(`() => document.querySelector('#signed-in').hidden ? '' : document.querySelector('#user').textContent`)
}

// Problem returns the message that the bar shows, or "".
func (p *Page) Problem() string {
	p.t.Helper()
	return p.text(`() => document.querySelector('#problem').textContent`)
}

// Tabs returns the titles of the open tabs.
func (p *Page) Tabs() []string {
	p.t.Helper()
	var titles []string
	p.call("tabs", `() => [...document.querySelectorAll('.graphiql-tab-button')].map(b => b.textContent)`, &titles)
	return titles
}

// SelectTab opens the tab with that title, which is its operation's name.
func (p *Page) SelectTab(title string) {
	p.t.Helper()
	var found bool
	p.call("select tab", `(title) => {
		const tab = [...document.querySelectorAll('.graphiql-tab-button')].find(b => b.textContent === title);
		tab?.click();
		return Boolean(tab);
	}`, &found, title)
	if !found {
		p.t.Fatalf("playground: there is no tab %q in %q", title, p.Tabs())
	}
	p.awaitOperation(title)
}

// SelectScenario chooses from the list in the bar, by place from 1, and waits
// for the tab with that title.
func (p *Page) SelectScenario(place int, title string) {
	p.t.Helper()
	p.call("select scenario", `(index) => {
		const list = document.querySelector('#scenario');
		list.value = index;
		list.dispatchEvent(new Event('change'));
		return true;
	}`, new(bool), place-1)
	p.awaitOperation(title)
}

// awaitOperation waits until GraphiQL has read the document of a tab and would
// run its operation.
func (p *Page) awaitOperation(name string) {
	p.t.Helper()
	p.await("the tab "+name, `(editor, name) =>
		document.querySelector('.graphiql-tab-active .graphiql-tab-button')?.textContent === name
		&& document.querySelector(editor).CodeMirror.operationName === name`, queryEditor, name)
}

// AwaitTabInSight waits until all of the open tab can be seen in its row.
func (p *Page) AwaitTabInSight() {
	p.t.Helper()
	p.await("the open tab to be in sight", `() => {
		const tab = document.querySelector('.graphiql-tab-active')?.getBoundingClientRect();
		const row = document.querySelector('.graphiql-tabs')?.getBoundingClientRect();
		return Boolean(tab && row) && tab.left >= row.left - 1 && tab.right <= row.right + 1 && tab.right <= innerWidth;
	}`)
}

// CloseTab closes the open tab.
func (p *Page) CloseTab() {
	p.t.Helper()
	p.do("close tab", chromedp.Click(".graphiql-tab-active .graphiql-tab-close"))
}

// SetQuery replaces the open tab's document.
func (p *Page) SetQuery(query string) { p.t.Helper(); p.write(queryEditor, query) }

// SetVariables replaces the open tab's variables, a JSON object.
func (p *Page) SetVariables(json string) { p.t.Helper(); p.write(variableEditor, json) }

func (p *Page) write(editor, text string) {
	p.t.Helper()
	p.call("write", `(editor, text) => { document.querySelector(editor).CodeMirror.setValue(text); return true }`,
		new(bool), editor, text)
}

// Run presses the run button and returns the response, the JSON that GraphiQL shows.
func (p *Page) Run() string {
	p.t.Helper()
	p.write(answerEditor, "")
	p.do("run", chromedp.Click(".graphiql-execute-button"))
	p.await("answer", `(editor) => document.querySelector(editor).CodeMirror.getValue().trim() !== ''
		&& document.querySelector('.graphiql-execute-button').getAttribute('aria-label').startsWith('Execute')`, answerEditor)
	return p.text(`(editor) => document.querySelector(editor).CodeMirror.getValue()`, answerEditor)
}

// Documentation opens the documentation explorer, follows the links with the given
// texts from its start, and returns the last text. The last element of path may be a
// word to wait for.
func (p *Page) Documentation(path ...string) string {
	p.t.Helper()
	const content = `document.querySelector('.graphiql-doc-explorer-content')`
	p.await("documentation", `() => {
		if (`+content+`) return true;
		document.querySelector('[aria-label="Show Documentation Explorer"]')?.click();
		return false;
	}`)
	for _, step := range path {
		p.await("documentation of "+step, `(step) => {
			const pane = `+content+`;
			const link = [...pane?.querySelectorAll('a') ?? []].find(a => a.textContent === step);
			if (link && link.classList.contains('graphiql-doc-explorer-type-name')) link.click();
			return document.querySelector('.graphiql-doc-explorer-title')?.textContent === step
				|| [...pane?.querySelectorAll('a') ?? []].some(a => a.textContent === step);
		}`, step)
	}
	return p.text(`() => ` + content + `.textContent`)
}

// Reload loads the page again.
func (p *Page) Reload() {
	p.t.Helper()
	p.do("reload", chromedp.Reload(), chromedp.WaitVisible(".graphiql-execute-button"), chromedp.WaitVisible(queryEditor))
}

// Stored returns the names of what the page has stored.
func (p *Page) Stored() []string {
	p.t.Helper()
	var names []string
	p.call("storage", `() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)]`, &names)
	return names
}

// ContentWidth returns the width of the page's content, in CSS pixels.
func (p *Page) ContentWidth() int {
	p.t.Helper()
	var width int
	p.call("width", `() => Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)`, &width)
	return width
}

// Resize sets the size of the window, in CSS pixels.
func (p *Page) Resize(width, height int64) {
	p.t.Helper()
	p.do("resize", chromedp.EmulateViewport(width, height))
}

// Dark makes the browser report that its user prefers dark pages.
func (p *Page) Dark() {
	p.t.Helper()
	p.do("dark", emulation.SetEmulatedMedia().WithFeatures(
		[]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}))
}

// Screenshot writes the visible part to a PNG file.
func (p *Page) Screenshot(path string) {
	p.t.Helper()
	var png []byte
	p.do("screenshot", chromedp.CaptureScreenshot(&png))
	if err := os.WriteFile(path, png, 0o600); err != nil {
		p.t.Fatalf("playground: screenshot: %v", err)
	}
}

func (p *Page) text(function string, args ...any) string {
	p.t.Helper()
	var s string
	p.call("read", function, &s, args...)
	return s
}

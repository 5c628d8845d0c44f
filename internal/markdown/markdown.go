// Package markdown turns Markdown that people write into HTML that front ends can show as it
// is: goldmark writes it, and bluemonday keeps only what is on its list.
package markdown

import (
	"bytes"
	"html"
	"regexp"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
)

const (
	// MaxHTML is the greatest length of the HTML of a text, in bytes.
	MaxHTML = 60_000
	// MaxPageHTML is the same of a page: as long as the longest is that is shown as it was
	// written, with each of its characters escaped.
	MaxPageHTML = 330_000
	// MaxDepth is how deep blocks may be nested: deeper ones are only made to be in the way.
	MaxDepth = 20
	// MaxCells is how many cells tables may have.
	MaxCells = 5000
	// kept is how many texts are kept as they were rendered.
	kept = 512
	// keptPages is how many pages are.
	keptPages = 32
)

// Renderer renders Markdown. It is safe for concurrent use.
type Renderer struct {
	markdown goldmark.Markdown
	policy   *bluemonday.Policy
	rendered *lru.Cache[string, string]
	longest  int
}

// New returns a Renderer for CommonMark with the tables and the strikethrough of GitHub.
// HTML in the Markdown is left out.
func New() *Renderer { return renderer(MaxHTML, kept) }

// NewForPages returns the same for longer texts.
func NewForPages() *Renderer { return renderer(MaxPageHTML, keptPages) }

func renderer(longest, kept int) *Renderer {
	rendered, _ := lru.New[string, string](kept) // it fails for a size of 0
	return &Renderer{
		rendered: rendered, longest: longest,
		markdown: goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough)),
		policy:   policy(),
	}
}

// policy lists what HTML may contain: text and its structure, and links to pages and
// addresses. There are no images, which would tell their server who reads, no styles, and no
// names or ids, which could take the place of the page's own.
func policy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "strong", "em", "del", "code", "pre", "blockquote",
		"ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td")
	p.AllowAttrs("start").Matching(regexp.MustCompile(`^[0-9]{1,9}$`)).OnElements("ol")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("https", "http", "mailto")
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(false)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	return p
}

// HTML returns a text as HTML. One that cannot be shown within MaxHTML, MaxDepth and MaxCells is
// shown as it was written.
func (r *Renderer) HTML(text string) string {
	if text == "" {
		return ""
	}
	if known, ok := r.rendered.Get(text); ok {
		return known
	}
	out := r.render(text)
	r.rendered.Add(text, out)
	return out
}

func (r *Renderer) render(text string) string {
	var out bytes.Buffer
	if tooMuch(text) || r.markdown.Convert([]byte(text), &out) != nil {
		return plain(text)
	}
	clean := r.policy.SanitizeBytes(out.Bytes())
	if len(clean) > r.longest {
		return plain(text)
	}
	return strings.TrimSpace(string(clean))
}

// plain returns a text as HTML that shows it as it was written.
func plain(text string) string { return "<pre>" + html.EscapeString(text) + "</pre>" }

package markdown_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"portico/internal/markdown"
)

func TestHTML(t *testing.T) {
	r := markdown.New()
	for text, want := range map[string]string{
		"":                                       "",
		"# Weather\n\nThe *best* **one**, `GET`": "<h1>Weather</h1>\n<p>The <em>best</em> <strong>one</strong>, <code>GET</code></p>",
		"[docs](https://docs.example/a?b=c&d)":   `<p><a href="https://docs.example/a?b=c&amp;d" rel="nofollow noreferrer">docs</a></p>`,
		"- a\n- b":                               "<ul>\n<li>a</li>\n<li>b</li>\n</ul>",
		"3. a":                                   "<ol start=\"3\">\n<li>a</li>\n</ol>",
		"> ~~so~~":                               "<blockquote>\n<p><del>so</del></p>\n</blockquote>",
		"|a|\n|-|\n|b|":                          "<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>b</td>\n</tr>\n</tbody>\n</table>",
		"a < b & c":                              "<p>a &lt; b &amp; c</p>",
		"-----------------------------":          "<hr>",
	} {
		require.Equal(t, want, r.HTML(text))
		require.Equal(t, want, r.HTML(text), "the same again")
	}
}

// Nothing of what is written can run, fetch, or look like a part of the page.
func TestHTMLIsClean(t *testing.T) {
	r := markdown.New()
	for _, text := range []string{
		"<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "<iframe src=https://evil.example>",
		"[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x](java\nscript:alert(1))", "[x](&#106;avascript:alert(1))", "[x](data:text/html;base64,PHNjcmlwdD4=)",
		"[x](vbscript:msgbox(1))", "<javascript:alert(1)>", "[x]: javascript:alert(1)\n\n[x]", "[x](/relative)", "[x](//evil.example)", "![x](https://evil.example/pixel.png)",
		`[x](https://a.example "\" onclick=alert(1) x=\"")`, "<a href=\"https://a.example\" onclick=\"alert(1)\" id=\"login\" style=\"position:fixed\">x</a>",
		"<form action=https://evil.example><input name=password></form>", "<style>body{display:none}</style>", "<!--[if IE]><script>alert(1)</script><![endif]-->",
		"`<script>alert(1)</script>`", "```html onclick=alert(1)\n<script>alert(1)</script>\n```", "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">", "\x00<scr\x00ipt>alert(1)</scr\x00ipt>",
		"<math><mi//xlink:href=\"data:x,<script>alert(1)</script>\">", "# x {#login onclick=alert(1)}", "|<script>|\n|-|\n|<img src=x onerror=alert(1)>|",
	} {
		requireClean(t, text, r.HTML(text))
	}
}

func requireClean(t *testing.T, text, got string) {
	t.Helper()
	tokens := html.NewTokenizer(strings.NewReader(got))
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return
		case html.CommentToken, html.DoctypeToken:
			t.Errorf("%q has become %q", text, got)
		case html.StartTagToken, html.SelfClosingTagToken:
			tag := tokens.Token()
			require.NotContains(t, []string{"script", "img", "svg", "iframe", "style", "form", "input", "math", "noscript"}, tag.Data, "%q has become %q", text, got)
			for _, a := range tag.Attr {
				switch a.Key {
				case "href":
					require.Regexp(t, "^(https?://|mailto:)", a.Val, "%q has become %q", text, got)
				case "rel", "start":
				default:
					t.Errorf("%q has become %q", text, got)
				}
			}
		default:
		}
	}
}

// Texts that are made to be dear are shown as they were written, and soon.
func TestHTMLIsBounded(t *testing.T) {
	r := markdown.New()
	for _, text := range []string{
		strings.Repeat(">", 10000), strings.Repeat("> ", 5000) + "x", strings.Repeat("- ", 5000) + "x", strings.Repeat("1. ", 3333) + "x", strings.Repeat("\t", 9999) + "- x",
		strings.Repeat("[", 10000), strings.Repeat("[a](", 2500), strings.Repeat("*a_", 3333), strings.Repeat("<", 10000), strings.Repeat("![", 5000), strings.Repeat("&", 10000),
		strings.Repeat("|a", 100) + "\n" + strings.Repeat("|-", 100) + "\n" + strings.Repeat("a\n", 4700), strings.Repeat("<http://a>", 1000), strings.Repeat("`", 10000),
	} {
		began := time.Now()
		got := r.HTML(text)
		require.Less(t, time.Since(began), 3*time.Second, text[:20]) // some ms, on a machine with nothing else to do
		require.LessOrEqual(t, len(got), markdown.MaxHTML)
	}
	require.Equal(t, "<pre>&gt;&gt;&gt;", r.HTML(strings.Repeat(">", 30) + "x")[:17])
}

// What would be compared for seconds is shown as it was written; a long page with many links
// and much emphasis is not.
func TestPagesAreBounded(t *testing.T) {
	r := markdown.NewForPages()
	for _, bomb := range []string{"*a_", "*é_", "~~a*", "[a](", "[a](b", "[a](((", "[a](<"} {
		require.Contains(t, r.HTML(strings.Repeat(bomb, 60000/len(bomb))), "<pre>", bomb)
	}
	page := strings.Repeat("See *this* and [that](https://one.example/a).\n", 20) + "\n"
	require.NotContains(t, r.HTML(strings.Repeat(page, 60)), "<pre>")
}

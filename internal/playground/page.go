package playground

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"html/template"
	"net/http"
	"time"
)

const pageTemplate = "page.html"

// pageConfig is the configuration of the page's script. It is passed in an attribute,
// since the content policy forbids inline scripts.
type pageConfig struct {
	Endpoint     string   `json:"endpoint"`
	Demo         []SignIn `json:"demo"`
	DemoPassword string   `json:"demoPassword"`
	Tabs         []Tab    `json:"tabs"`
	// Kinds are the kinds of objects whose ids are remembered, and which scenario
	// finds one.
	Kinds map[string]string `json:"kinds"`
}

// page is the HTML document.
type page struct {
	etag string
	html []byte
}

// renderPage renders the document. base is the path of its files.
func renderPage(o Options, base string) *page {
	config, err := json.Marshal(pageConfig{o.Endpoint, o.Demo, o.DemoPassword, Tabs(), Finders(o.Kinds)})
	must(err)
	t, err := template.ParseFS(own, "ui/"+pageTemplate)
	must(err)
	var out bytes.Buffer
	must(t.Execute(&out, map[string]string{"Base": base, "Config": string(config)}))
	sum := sha256.Sum256(out.Bytes())
	return &page{etag: hex.EncodeToString(sum[:8]), html: out.Bytes()}
}

// ServeHTTP sends the document, which browsers revalidate each time.
func (p *page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", `"`+p.etag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(p.html))
}

package playground

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

//go:embed assets/*.gz
var foreign embed.FS

//go:embed ui
var own embed.FS

// files are all the page loads. The build is a hash over every file; it stands
// in their URLs, so each URL's content never changes.
type files struct {
	build  string
	byName map[string]*file
}

// file is one embedded file, kept compressed.
type file struct {
	kind    string // its content type
	etag    string // of the plain content, without quotes
	gzipped []byte
	// plain is inflated when it is first asked for, and once: clients that do
	// not read would each hold a copy.
	plain func() []byte
}

// loadFiles reads the foreign files, stored compressed, and our own, stored plain.
func loadFiles() *files {
	all := &files{byName: map[string]*file{}}
	build := sha256.New()
	add := func(name string, gzipped []byte) {
		sum := sha256.Sum256(gzipped)
		build.Write([]byte(name))
		build.Write(sum[:])
		all.byName[name] = &file{kind: contentType(name), etag: hex.EncodeToString(sum[:8]), gzipped: gzipped,
			plain: sync.OnceValue(func() []byte { return inflate(gzipped) })}
	}
	each(foreign, "assets", func(name string, content []byte) {
		add(strings.TrimSuffix(name, ".gz"), content)
	})
	each(own, "ui", func(name string, content []byte) {
		if name != pageTemplate {
			add(name, compress(content))
		}
	})
	all.build = hex.EncodeToString(build.Sum(nil)[:8])
	return all
}

// each calls visit for the files of an embedded folder, in the order of names.
func each(from embed.FS, folder string, visit func(name string, content []byte)) {
	entries, err := fs.ReadDir(from, folder)
	must(err)
	for _, e := range entries {
		content, err := from.ReadFile(path.Join(folder, e.Name()))
		must(err)
		visit(e.Name(), content)
	}
}

// contentType names the type by the extension; it does not ask the machine,
// whose tables differ.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return "application/octet-stream"
}

// ServeHTTP sends the file compressed, or inflated to a client that does not
// say it takes gzip. Both may be cached for ever.
func (f *file) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	content, etag := f.gzipped, f.etag+"-gzip"
	if takesGzip(r.Header.Get("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
	} else {
		content, etag = f.plain(), f.etag
	}
	h.Set("ETag", `"`+etag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// takesGzip reads an Accept-Encoding header. A weight of zero is a refusal.
func takesGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		coding, weight, _ := strings.Cut(strings.ToLower(part), ";")
		if coding = strings.TrimSpace(coding); coding != "gzip" && coding != "*" {
			continue
		}
		weight = strings.TrimPrefix(strings.ReplaceAll(weight, " ", ""), "q=")
		return weight == "" || strings.Trim(weight, "0.") != ""
	}
	return false
}

func compress(content []byte) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	must(err)
	_, err = w.Write(content)
	must(err)
	must(w.Close())
	return out.Bytes()
}

func inflate(gzipped []byte) []byte {
	r, err := gzip.NewReader(bytes.NewReader(gzipped))
	must(err)
	content, err := io.ReadAll(r)
	must(err)
	return content
}

// must is for the embedded files alone: they are part of the program, and a
// broken one is a broken build.
func must(err error) {
	if err != nil {
		panic(fmt.Errorf("playground: embedded files: %w", err))
	}
}

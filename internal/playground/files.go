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

	"portico/docs/frontends"
)

//go:embed assets/*.gz
var foreign embed.FS

//go:embed ui
var own embed.FS

// files are the files that the page loads. The build is a hash of all of them and part of
// their URLs, so that the content of a URL never changes.
type files struct {
	build  string
	byName map[string]*file
}

// file is an embedded file, compressed.
type file struct {
	kind    string // its content type
	etag    string // of the plain content, without quotes
	gzipped []byte
	// plain is decompressed at the first request that needs it, and only once: each
	// client that does not read would otherwise keep a copy in memory.
	plain func() []byte
}

// loadFiles reads third-party files, which are stored compressed, and our own, which are
// not.
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
	add("session.js", compress(frontends.SessionJS))
	all.build = hex.EncodeToString(build.Sum(nil)[:8])
	return all
}

// each calls visit with the files of an embedded folder, in the order of their names.
func each(from embed.FS, folder string, visit func(name string, content []byte)) {
	entries, err := fs.ReadDir(from, folder)
	must(err)
	for _, e := range entries {
		content, err := from.ReadFile(path.Join(folder, e.Name()))
		must(err)
		visit(e.Name(), content)
	}
}

// contentType returns the type for a file's extension. It does not use the tables of the
// machine, which differ.
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

// ServeHTTP sends the file, compressed if the client accepts gzip. Both forms may be
// cached forever.
func (f *file) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	content, etag := f.gzipped, f.etag+"-gzip"
	if acceptsGzip(r.Header.Get("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
	} else {
		content, etag = f.plain(), f.etag
	}
	h.Set("ETag", `"`+etag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// acceptsGzip reports whether an Accept-Encoding header allows gzip. A weight of zero does
// not.
func acceptsGzip(header string) bool {
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

// must panics on an error. It is for the embedded files alone, which only a broken build
// can break.
func must(err error) {
	if err != nil {
		panic(fmt.Errorf("playground: embedded files: %w", err))
	}
}

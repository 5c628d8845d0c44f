package folder

import (
	"bytes"
	_ "embed"
	"html/template"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/mail"
)

//go:embed page.html
var text string

// policy lets a page show nothing but itself and its style. It applies to the letter
// within it too, which is in a sandbox besides: no script of a letter runs, and no
// picture is fetched.
const policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; form-action 'none'; base-uri 'none'"

// shown is a letter as the page shows it.
type shown struct {
	Name                                 string
	From, To, ReplyTo, Subject, Date, ID string
	Text, HTML                           string
	Unreadable                           string
}

// Handler serves the list of letters, each by its name, and each as it was sent under
// raw/. It is mounted behind a prefix that is stripped.
func (f *Folder) Handler(prefix string) http.Handler {
	page := template.Must(template.New("page").Parse(text))
	write := func(w http.ResponseWriter, data any) {
		var b bytes.Buffer
		if err := page.Execute(&b, data); err != nil {
			http.Error(w, "the page cannot be written", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(b.Bytes()) // the client may have gone
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+prefix, func(w http.ResponseWriter, _ *http.Request) {
		names, err := f.names()
		if err != nil {
			http.Error(w, "the folder cannot be read", http.StatusInternalServerError)
			return
		}
		var all []shown
		for _, name := range names {
			if raw, ok := f.read(name); ok {
				all = append(all, parse(name, raw))
			}
		}
		write(w, map[string]any{"Prefix": prefix, "Folder": f.path, "All": all})
	})
	mux.HandleFunc("GET "+prefix+"/{name}", func(w http.ResponseWriter, r *http.Request) {
		raw, ok := f.read(r.PathValue("name"))
		if !ok {
			http.NotFound(w, r)
			return
		}
		write(w, map[string]any{"Prefix": prefix, "One": parse(r.PathValue("name"), raw)})
	})
	mux.HandleFunc("GET "+prefix+"/raw/{name}", func(w http.ResponseWriter, r *http.Request) {
		raw, ok := f.read(r.PathValue("name"))
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(raw)
	})
	return mux
}

// parse reads a letter.
func parse(name string, raw []byte) shown {
	out := shown{Name: name}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		out.Unreadable = err.Error()
		return out
	}
	out.From, out.To, out.ReplyTo = header(m, "From"), header(m, "To"), header(m, "Reply-To")
	out.Subject, out.Date, out.ID = header(m, "Subject"), header(m, "Date"), header(m, "Message-ID")
	_, parameters, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		out.Unreadable = err.Error()
		return out
	}
	for parts := multipart.NewReader(m.Body, parameters["boundary"]); ; {
		part, err := parts.NextPart()
		if err != nil {
			return out // the end
		}
		content, err := io.ReadAll(part)
		if err != nil {
			out.Unreadable = err.Error()
			return out
		}
		if kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type")); kind == "text/html" {
			out.HTML = string(content)
		} else {
			out.Text = string(content)
		}
	}
}

func header(m *mail.Message, name string) string {
	value := m.Header.Get(name)
	if decoded, err := new(mime.WordDecoder).DecodeHeader(value); err == nil {
		return decoded
	}
	return value
}

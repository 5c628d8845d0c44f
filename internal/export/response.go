package export

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"

	"portico/internal/backlog"
)

// encoder writes rows in a format.
type encoder interface {
	begin() error
	row(json.RawMessage) error
	flush() error
}

// response is an export's response. Nothing is sent before begin.
type response struct {
	encoder
	control *http.ResponseController
	zip     *gzip.Writer // nil if the client takes no gzip
}

// newResponse sets the header of a response, and returns it.
func newResponse(w http.ResponseWriter, r *http.Request, name string, f Format, columns []column) *response {
	h := w.Header()
	h.Set("Content-Disposition", `attachment; filename="`+name+"."+string(f)+`"`)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Add("Vary", "Accept-Encoding")
	// It has no deadline as long as the client reads fast enough; the server's usual
	// timeout would abort a long export.
	var to io.Writer = backlog.NewWriter(w)
	out := &response{control: http.NewResponseController(w)}
	if acceptsGzip(r.Header) {
		h.Set("Content-Encoding", "gzip")
		out.zip = gzip.NewWriter(to)
		to = out.zip
	}
	switch f {
	case CSV:
		h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
		out.encoder = newTable(to, columns)
	default:
		h.Set("Content-Type", "application/jsonl; charset=utf-8")
		out.encoder = newJSONLines(to)
	}
	return out
}

// flush sends what was written, so that a client sees that the export goes on.
func (r *response) flush() error {
	if err := r.encoder.flush(); err != nil {
		return err
	}
	if r.zip != nil {
		if err := r.zip.Flush(); err != nil {
			return err
		}
	}
	_ = r.control.Flush() // a writer that cannot, such as a test's, keeps nothing back
	return nil
}

// close writes the end.
func (r *response) close() error {
	err := r.encoder.flush()
	if r.zip != nil && err == nil {
		err = r.zip.Close()
	}
	return err
}

// acceptsGzip reports whether a client takes gzip.
func acceptsGzip(h http.Header) bool {
	for part := range strings.SplitSeq(strings.Join(h.Values("Accept-Encoding"), ","), ",") {
		name, parameter, _ := strings.Cut(part, ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		weight, given := strings.CutPrefix(strings.ReplaceAll(parameter, " ", ""), "q=")
		q, err := strconv.ParseFloat(weight, 64)
		return !given || err == nil && q > 0
	}
	return false
}

package gate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"portico/clients/go/gate/jsontext"
	"portico/clients/go/gate/keycache"
)

// errTooOld is returned when Portico's log no longer reaches back to the copy's
// position.
var errTooOld = errors.New("the feed does not reach back")

// errInexact is returned when decoding would change texts of an answer.
var errInexact = errors.New("an answer is not UTF-8, or holds halves of surrogate pairs")

// portico is a client of the endpoints of Portico that a Gate uses.
type portico struct {
	url, token string
	// instance distinguishes this Gate from others with the same token: Portico shows
	// its administrators how far the one is that is furthest behind.
	instance string
	http     *http.Client
}

// newHTTPClient returns a client that keeps enough idle connections for concurrent
// first uses of keys.
func newHTTPClient() *http.Client {
	return &http.Client{Transport: &http.Transport{
		Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute,
		TLSHandshakeTimeout: 5 * time.Second, ForceAttemptHTTP2: true,
	}}
}

// statusError is the error for an answer whose status is not 200.
type statusError struct {
	endpoint string
	status   int
}

// Error returns the endpoint and the status, but not the body, which may repeat what
// was sent.
func (r *statusError) Error() string { return fmt.Sprintf("%s answered %d", r.endpoint, r.status) }

// permanent reports whether the request itself will never be accepted. Other refusals
// are about the token or the connection, and may be temporary.
func (r *statusError) permanent() bool {
	return r.status == http.StatusBadRequest || r.status == http.StatusRequestEntityTooLarge
}

// ask sends a request to an endpoint.
func (p *portico) ask(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, p.url+path, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("X-Portico-Gateway-Token", p.token)
	r.Header.Set("X-Portico-Instance", p.instance)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	w, err := p.http.Do(r)
	if err != nil {
		return nil, err
	}
	if w.StatusCode == http.StatusOK {
		return w, nil
	}
	_, _ = io.CopyN(io.Discard, w.Body, 64<<10) // so that the connection can be reused
	_ = w.Body.Close()
	switch {
	case w.StatusCode == http.StatusUnauthorized:
		return nil, fmt.Errorf("%w: %w", ErrToken, &statusError{path, w.StatusCode})
	case w.StatusCode == http.StatusGone:
		return nil, errTooOld
	}
	return nil, &statusError{path, w.StatusCode}
}

// post sends body as JSON and decodes the answer into into, which may be nil.
func (p *portico) post(ctx context.Context, path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	w, err := p.ask(ctx, http.MethodPost, path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	defer w.Body.Close()
	return decode(json.NewDecoder(w.Body), into)
}

// decode reads one value, and returns errInexact if the decoder would change a text.
func decode(from *json.Decoder, into any) error {
	var text json.RawMessage
	if err := from.Decode(&text); err != nil {
		return err
	}
	if !jsontext.Exact(text) {
		return errInexact
	}
	return json.Unmarshal(text, into)
}

// after returns the feed's query for the changes after a position.
func after(position int64, wait time.Duration) string {
	return "?after=" + strconv.FormatInt(position, 10) + "&wait=" + wait.String()
}

// feed calls apply with each change, a line each, until the answer ends.
func (p *portico) feed(ctx context.Context, query string, apply func(*keycache.Change)) error {
	w, err := p.ask(ctx, http.MethodGet, "/v1/feed"+query, nil)
	if err != nil {
		return err
	}
	defer w.Body.Close()
	for lines := json.NewDecoder(w.Body); ; {
		var c keycache.Change
		switch err := decode(lines, &c); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case c.Catalogue != nil && c.Catalogue.Organization.TimeZone.Location == nil:
			return errors.New("the feed's catalogue has no time zone: quotas would count in another than the organization's")
		}
		apply(&c)
	}
}

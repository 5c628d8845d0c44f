package export

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"portico/internal/fault"
)

// pageTime bounds how long a page may take, like any request of the API.
const pageTime = 5 * time.Second

// RowCost is what each row of a page costs, whatever is selected of it: less than a
// query would, because an export reads many rows alike.
const RowCost = 2

type priceKey struct{}

// Price returns the most that an operation costs that an export asks; ok is false for
// any other request.
func Price(ctx context.Context) (cost int, ok bool) {
	cost, ok = ctx.Value(priceKey{}).(int)
	return cost, ok
}

// asker asks the API as the sender of a request.
type asker struct {
	api     http.Handler
	request *http.Request
	// last is the header of the last answer.
	last http.Header
}

// ask returns the value of the only field of a document, or the first error of the
// answer. It costs price at most.
func (a *asker) ask(ctx context.Context, document string, variables map[string]json.RawMessage, price int) (json.RawMessage, error) {
	body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, pageTime)
	defer cancel()
	r := a.request.Clone(context.WithValue(ctx, priceKey{}, price))
	r.Method, r.URL.RawQuery, r.ContentLength = http.MethodPost, "", int64(len(body))
	r.Body = io.NopCloser(bytes.NewReader(body))
	for _, name := range []string{"Accept", "Accept-Encoding", "Content-Encoding", "Cookie"} {
		r.Header.Del(name)
	}
	r.Header.Set("Content-Type", "application/json")
	w := &answer{header: http.Header{}}
	a.api.ServeHTTP(w, r)
	a.last = w.header
	return w.value()
}

// copyHeaders sets what the last answer says of the budget.
func (a *asker) copyHeaders(to http.Header) {
	for _, name := range []string{"RateLimit", "RateLimit-Policy"} {
		if v := a.last.Get(name); v != "" {
			to.Set(name, v)
		}
	}
}

// answer keeps an answer of the API, whose size the API bounds.
type answer struct {
	header http.Header
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(int)             {}
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }

// value returns the value of the answer's only field, or its first error.
func (a *answer) value() (json.RawMessage, error) {
	var out struct {
		Data   map[string]json.RawMessage
		Errors []struct {
			Message    string
			Extensions struct {
				Code       fault.Code
				Reason     fault.Reason
				RetryAfter int
			}
		}
	}
	if err := json.Unmarshal(a.body.Bytes(), &out); err != nil {
		return nil, fmt.Errorf("export: the API answers no JSON: %w", err)
	}
	if len(out.Errors) > 0 {
		e := out.Errors[0]
		f := fault.RetryAfter(e.Extensions.Code, e.Extensions.Reason, time.Duration(e.Extensions.RetryAfter)*time.Second, e.Message)
		if f.Reason == fault.ReasonMalformedRequest || f.Reason == fault.ReasonInvalidDocument {
			f.Message = "filter and orderBy are JSON objects that name no member twice, of at most 16 levels and 1,000 values."
			f.Reason = fault.ReasonInvalidArgument
		}
		return nil, f
	}
	for _, v := range out.Data {
		return v, nil
	}
	return nil, errors.New("export: the API answers nothing")
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"portico/internal/clock"
	"portico/internal/database"
	"portico/internal/gqlhttp"
	"portico/internal/keyring"
	"portico/internal/viewer"
)

// requestTime is the deadline of Portico's requests.
const requestTime = 5 * time.Second

// backend answers the operations.
type backend struct {
	database *database.DB
	ring     *keyring.Ring
	clock    clock.Clock
	buffers  sync.Pool
	zones    sync.Map // of *time.Location by name
}

// request is what the benchmark's clients send. The document is read and ignored.
type request struct {
	OperationName string `json:"operationName"`
	Variables     struct {
		ID    string  `json:"id"`
		After *string `json:"after"`
	} `json:"variables"`
}

// errUnknown is the error for objects that do not exist.
var errUnknown = errors.New("there is no such thing")

// ServeHTTP answers one request.
func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), requestTime)
	defer cancel()
	if viewer.Current(ctx).Role != viewer.Admin {
		http.Error(w, `{"errors":[{"message":"only for administrators"}]}`, http.StatusForbidden)
		return
	}
	req, err := b.read(r)
	if err != nil {
		http.Error(w, `{"errors":[{"message":"unreadable"}]}`, http.StatusBadRequest)
		return
	}
	data, err := b.answer(ctx, req)
	if err != nil {
		http.Error(w, fmt.Sprintf(`{"errors":[{"message":%q}]}`, err.Error()), http.StatusInternalServerError)
		return
	}
	write(w, data)
}

// read decodes the request from a body of the size that Portico allows.
func (b *backend) read(r *http.Request) (req request, err error) {
	buffer, ok := b.buffers.Get().(*bytes.Buffer)
	if !ok {
		buffer = new(bytes.Buffer)
	}
	defer func() {
		buffer.Reset()
		b.buffers.Put(buffer)
	}()
	if _, err := buffer.ReadFrom(io.LimitReader(r.Body, gqlhttp.DefaultLimits().BodyBytes)); err != nil {
		return req, err
	}
	return req, json.Unmarshal(buffer.Bytes(), &req)
}

func (b *backend) answer(ctx context.Context, req request) (any, error) {
	switch req.OperationName {
	case "AppPage":
		return b.appPage(ctx, req.Variables.ID)
	case "AppList":
		return b.appList(ctx, req.Variables.After)
	case "KeyTable":
		return b.keyTable(ctx, req.Variables.ID)
	case "ApprovalQueue":
		return b.approvalQueue(ctx, req.Variables.After)
	case "GenerateKey":
		return b.generateKey(ctx, req.Variables.ID)
	}
	return nil, errUnknown
}

func write(w http.ResponseWriter, data any) {
	text, err := json.Marshal(struct {
		Data any `json:"data"`
	}{data})
	if err != nil {
		http.Error(w, `{"errors":[{"message":"unwritable"}]}`, http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h["Content-Type"] = []string{"application/json; charset=utf-8"}
	h["Content-Length"] = []string{strconv.Itoa(len(text))}
	h["Cache-Control"] = []string{"no-store"}
	h.Add("Vary", "Accept")
	_, _ = w.Write(text) // the client may have gone
}

package httpapi

import (
	"io"
	"net/http"
	"strconv"
)

// hasten lets an answer go out before the request's body has come: net/http
// waits for the body wherever it means to keep the connection. wholly takes
// that back.
func hasten(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor == 1 && r.ContentLength != 0 {
		w.Header()["Connection"] = []string{"close"}
	}
}

// wholly is called when a body has been read to its end, or will be. Requests
// whose length could be read in two ways end their connection nevertheless.
func wholly(w http.ResponseWriter, r *http.Request) {
	if r.ProtoAtLeast(1, 1) && r.ContentLength > 0 {
		delete(w.Header(), "Connection")
	}
}

// sendFirst writes an answer at once, reads the body that it did not need, and
// keeps the connection. If the body is large or of an unknown length, the
// connection ends instead; net/http ends it where a body waits to be asked for.
func (d *Handler) sendFirst(w http.ResponseWriter, r *http.Request, a *answer) {
	c := http.NewResponseController(w)
	small := r.ContentLength > 0 && r.ContentLength <= mostVerifyBytes
	if !small || !r.ProtoAtLeast(1, 1) || c.EnableFullDuplex() != nil {
		d.send(w, a)
		return
	}
	wholly(w, r)
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body))) // net/http knows it at the end alone
	d.send(w, a)
	err := c.Flush()
	if err == nil {
		_, err = io.Copy(io.Discard, r.Body)
	}
	if err != nil {
		panic(http.ErrAbortHandler) // what comes now would be taken for a request
	}
}

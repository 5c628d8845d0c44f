package httpapi

import (
	"io"
	"net/http"
	"strconv"
)

// answerBeforeBody lets an answer be sent before the request's body has arrived:
// net/http waits for the body if it means to keep the connection. expectWholeBody
// undoes that.
func answerBeforeBody(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor == 1 && r.ContentLength != 0 {
		w.Header()["Connection"] = []string{"close"}
	}
}

// expectWholeBody is called when a body has been read to its end, or will be.
// Requests whose length is ambiguous end their connection nevertheless.
func expectWholeBody(w http.ResponseWriter, r *http.Request) {
	if r.ProtoAtLeast(1, 1) && r.ContentLength > 0 {
		delete(w.Header(), "Connection")
	}
}

// sendThenDrain writes an answer at once, reads the body that it did not need, and
// keeps the connection. If the body is large or of unknown length, the connection
// ends instead; net/http ends it where the client waits for 100 Continue.
func (h *Handler) sendThenDrain(w http.ResponseWriter, r *http.Request, a *answer) {
	c := http.NewResponseController(w)
	small := r.ContentLength > 0 && r.ContentLength <= mostVerifyBytes
	if !small || !r.ProtoAtLeast(1, 1) || c.EnableFullDuplex() != nil {
		h.send(w, a)
		return
	}
	expectWholeBody(w, r)
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body))) // net/http knows it at the end alone
	h.send(w, a)
	err := c.Flush()
	if err == nil {
		_, err = io.Copy(io.Discard, r.Body)
	}
	if err != nil {
		panic(http.ErrAbortHandler) // what comes now would be taken for a request
	}
}

package leaks

import (
	"encoding/json"
	"net/http"
	"strconv"

	"portico/internal/apps"
	"portico/internal/fault"
	"portico/internal/jsonbody"
)

// ScanningPath is where a programme that scans for secrets says what it has found.
const ScanningPath = "/v1/secret-scanning"

const (
	// maxScan, in bytes, is the longest body.
	maxScan = 1 << 20
	// maxToken and maxType are the most bytes of a token and of what it is called: each is
	// repeated in the answer.
	maxToken = 1 << 10
	maxType  = 256
)

// The headers in which a request is signed.
const (
	identifierHeader = "Github-Public-Key-Identifier"
	signatureHeader  = "Github-Public-Key-Signature"
)

// match is an element of a request.
type match struct{ Token, Type, URL, Source string }

// label is an element of an answer: whether a token is a key of this installation.
type label struct {
	Token string `json:"token_raw"`
	Type  string `json:"token_type"`
	Label string `json:"label"`
}

const (
	truePositive  = "true_positive"
	falsePositive = "false_positive"
)

// Scan takes a report of the programme. The same one again leads to nothing more: it has no
// time that would tell a repetition.
func (h *Handler) Scan(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	out, err := h.scan(w, r)
	if err != nil {
		h.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(out) // the client may have gone
}

func (h *Handler) scan(w http.ResponseWriter, r *http.Request) ([]label, error) {
	if err := h.o.Pay(r.Context(), w.Header()); err != nil {
		return nil, err
	}
	identifier, signature := r.Header.Values(identifierHeader), r.Header.Values(signatureHeader)
	if len(identifier) != 1 || len(signature) != 1 {
		return nil, errNotSigned()
	}
	body, err := jsonbody.Read(w, r, maxScan)
	if err != nil {
		return nil, err
	}
	if err := h.o.Programme.Verify(r.Context(), identifier[0], signature[0], []byte(body)); err != nil {
		return nil, err
	}
	found, err := readScan(body)
	if err != nil {
		return nil, err
	}
	return h.report(r, found)
}

// report reports what was found, and labels it.
func (h *Handler) report(r *http.Request, found []match) ([]label, error) {
	keys := make([]apps.FoundKey, len(found))
	for i, m := range found {
		keys[i] = apps.FoundKey{Token: m.Token, URL: m.URL, Source: m.Source}
	}
	right, err := h.o.Keys.ReportFoundKeys(r.Context(), keys)
	if err != nil {
		return nil, err
	}
	out := make([]label, len(found))
	for i, m := range found {
		out[i] = label{m.Token, m.Type, falsePositive}
		if right[i] {
			out[i].Label = truePositive
		}
	}
	return out, nil
}

// readScan reads the body of a request.
func readScan(body string) (out []match, err error) {
	var r jsonbody.Reader
	r.Reset(body)
	if r.Open('[', "", "The body must be an array of objects with token, type, url and source.") {
		out = []match{}
		for r.More(']') {
			if len(out) == apps.MaxFoundKeys {
				return nil, fault.New(fault.CodeTooLarge, fault.ReasonRequestSize, "There are more than "+strconv.Itoa(apps.MaxFoundKeys)+" tokens.")
			}
			out = append(out, readMatch(&r))
			r.FailIn("", len(out)-1)
		}
		r.End()
	}
	return out, r.Err()
}

// readMatch reads an element. Members that are not known are ignored: the programme may
// add some.
func readMatch(r *jsonbody.Reader) (m match) {
	if !r.Open('{', "", "The body must be an array of objects.") {
		return m
	}
	var seen jsonbody.Fields
	for r.More('}') {
		switch name := r.Name(); name {
		case "token":
			seen.Once(r, 0, name)
			m.Token = r.Text(name)
		case "type":
			seen.Once(r, 1, name)
			m.Type = r.Text(name)
		case "url":
			seen.Once(r, 2, name)
			m.URL = r.Text(name)
		case "source":
			seen.Once(r, 3, name)
			m.Source = r.Text(name)
		default:
			r.Skip()
		}
	}
	switch {
	case m.Token == "" || len(m.Token) > maxToken:
		r.Fail("token", "must have 1 to 1024 bytes.")
	case len(m.Type) > maxType:
		r.Fail("type", "must have at most 256 bytes.")
	}
	return m
}

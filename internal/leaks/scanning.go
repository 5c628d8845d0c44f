package leaks

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"

	"portico/internal/apps"
	"portico/internal/fault"
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
type match struct {
	Token  string `json:"token"`
	Type   string `json:"type"`
	URL    string `json:"url"`
	Source string `json:"source"`
}

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
	body, err := readBody(w, r, maxScan)
	if err != nil {
		return nil, err
	}
	if err := h.o.Programme.Verify(r.Context(), identifier[0], signature[0], body); err != nil {
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

// readScan reads the body of a request. Members that are not known are ignored: the
// programme may add some.
func readScan(body []byte) (out []match, err error) {
	d := json.NewDecoder(bytes.NewReader(body))
	if d.Decode(&out) != nil || out == nil || d.Decode(new(any)) != io.EOF {
		return nil, malformed("The body is an array of objects with token, type, url and source.")
	}
	if len(out) > apps.MaxFoundKeys {
		return nil, fault.New(fault.CodeTooLarge, fault.ReasonRequestSize, "There are more than "+strconv.Itoa(apps.MaxFoundKeys)+" tokens.")
	}
	for _, m := range out {
		if m.Token == "" || len(m.Token) > maxToken || len(m.Type) > maxType {
			return nil, malformed("A token has 1 to 1024 bytes, and its type at most 256.")
		}
	}
	return out, nil
}

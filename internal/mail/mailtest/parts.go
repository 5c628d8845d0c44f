package mailtest

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"testing"
)

// Subject returns the letter's subject, decoded.
func (l Letter) Subject() string { return decoded(l.Header.Get("Subject")) }

func decoded(header string) string {
	text, err := new(mime.WordDecoder).DecodeHeader(header)
	if err != nil {
		return header
	}
	return text
}

// Parts returns the letter's plain text and its HTML, decoded.
func (l Letter) Parts(t testing.TB) (text, html string) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(l.Raw))
	if err != nil {
		t.Fatal(err)
	}
	kind, parameters, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("a letter of the type %s: %v", kind, err)
	}
	// The reader decodes quoted-printable by itself.
	for parts := multipart.NewReader(m.Body, parameters["boundary"]); ; {
		part, err := parts.NextPart()
		if err == io.EOF {
			return text, html
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		switch kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type")); kind {
		case "text/plain":
			text = strings.ReplaceAll(string(content), "\r\n", "\n")
		case "text/html":
			html = strings.ReplaceAll(string(content), "\r\n", "\n")
		default:
			t.Fatalf("a part of the type %s", kind)
		}
	}
}

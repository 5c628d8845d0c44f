// Package openapi reads OpenAPI documents, of versions 3.0 to 3.2, that strangers wrote: it
// returns what a portal shows of them, what differs between two, and a ready call of an
// operation. It fetches nothing, and reads no file: a reference out of the document is
// refused.
package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/goccy/go-yaml"

	"portico/internal/domain"
	"portico/internal/yamltokens"
)

// maxDepth is how deep JSON may be nested; blocks and brackets of YAML likewise. maxKeys is how
// many keys a block of YAML may have.
const maxDepth, maxColumn, maxFlow, maxKeys = 60, 200, 10, 2000

// Document is what is read of a text.
type Document struct {
	Title, APIVersion string
	Format            domain.DocumentFormat
	// Server is the address of its first server, "" if that is not absolute.
	Server     string
	Operations []domain.ProductOperation
}

// Read reads a document. What it refuses is an error whose text is a sentence for the one
// who wrote the document.
func Read(text string) (*Document, error) {
	if len(text) > domain.MaxDocument {
		return nil, fmt.Errorf("The document has more than %d bytes.", domain.MaxDocument)
	}
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return nil, errors.New("The document is not UTF-8 text.")
	}
	if strings.HasPrefix(text, "\ufeff") {
		return nil, errors.New("The document begins with a byte order mark: save it as UTF-8 without one.")
	}
	out := &Document{Format: domain.DocumentYAML}
	raw := []byte(text)
	if strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{") {
		out.Format = domain.DocumentJSON
		if err := checkJSON(raw); err != nil {
			return nil, fmt.Errorf("This is not JSON that can be read: %s.", short(err))
		}
	} else {
		var err error
		if raw, err = fromYAML(text); err != nil {
			return nil, fmt.Errorf("This is not YAML that can be read: %s.", short(err))
		}
	}
	if err := checkVersion(raw); err != nil {
		return nil, err
	}
	doc, err := load(raw)
	if err != nil {
		return nil, fmt.Errorf("This is not a valid OpenAPI document: %s.", short(err))
	}
	out.Title, out.APIVersion = cut(doc.Info.Title), cut(doc.Info.Version)
	out.Server = server(doc)
	out.Operations, err = operations(doc)
	return out, err
}

// load reads and validates JSON. Examples, defaults and patterns are not tried out: that may
// take longer than any limit of the text's size says, and nothing here depends on them.
func load(raw []byte) (doc *openapi3.T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.New("a part of it cannot be read")
		}
	}()
	if err := checkReferences(raw); err != nil {
		return nil, err
	}
	// The loader would read JSON as YAML, which is another language in a few places, and takes
	// seconds for thousands of keys.
	doc = &openapi3.T{}
	if err := json.Unmarshal(raw, doc); err != nil {
		return nil, err
	}
	loader := openapi3.NewLoader()
	loader.IsExternalRefsAllowed = false
	if err := loader.ResolveRefsIn(doc, nil); err != nil {
		return nil, err
	}
	return doc, doc.Validate(loader.Context, openapi3.DisableExamplesValidation(), openapi3.DisableSchemaDefaultsValidation(),
		openapi3.DisableSchemaPatternValidation(), openapi3.DisableSchemaFormatValidation())
}

// fromYAML returns YAML as JSON.
func fromYAML(text string) ([]byte, error) {
	if err := yamltokens.Check(text, yamltokens.Limits{Column: maxColumn, Flow: maxFlow, Keys: maxKeys}); err != nil {
		return nil, err
	}
	var all map[string]any
	d := yaml.NewDecoder(strings.NewReader(text))
	if err := d.Decode(&all); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("it is empty")
		}
		return nil, err
	}
	if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is a second document")
	}
	raw, err := json.Marshal(all)
	if err != nil {
		return nil, err
	}
	return raw, checkJSON(raw)
}

// level is an object or a list that has begun.
type level struct {
	keys map[string]bool // nil: a list
	key  bool            // whether a key comes next
}

func begun(t json.Token) level {
	if t == json.Delim('{') {
		return level{keys: map[string]bool{}, key: true}
	}
	return level{}
}

// checkJSON refuses keys given twice, deep nesting, and what follows the document.
func checkJSON(raw []byte) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var stack []level
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return errors.New("it ends too early")
		}
		if err != nil {
			return err
		}
		top := len(stack) - 1
		switch t {
		case json.Delim('{'), json.Delim('['):
			if top >= 0 && stack[top].keys != nil {
				stack[top].key = true
			}
			if stack = append(stack, begun(t)); len(stack) > maxDepth {
				return fmt.Errorf("it is nested deeper than %d", maxDepth)
			}
			continue
		case json.Delim('}'), json.Delim(']'):
			if stack = stack[:top]; top == 0 {
				return end(d)
			}
			continue
		}
		if top < 0 {
			return errors.New("it is no object")
		}
		if stack[top].keys == nil {
			continue
		}
		if !stack[top].key {
			stack[top].key = true
			continue
		}
		name, _ := t.(string)
		if stack[top].keys[name] {
			return fmt.Errorf("the key %q is given twice", cut(name))
		}
		stack[top].keys[name], stack[top].key = true, false
	}
}

// end requires that nothing follows.
func end(d *json.Decoder) error {
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the document")
	}
	return nil
}

// checkVersion refuses what is no OpenAPI of version 3, with what it is.
func checkVersion(raw []byte) error {
	var x struct{ Swagger, OpenAPI any }
	if err := json.Unmarshal(raw, &x); err != nil {
		return errors.New("This is not an OpenAPI document.")
	}
	if x.Swagger != nil {
		return errors.New("This is Swagger 2.0: convert it to OpenAPI 3, as editor.swagger.io does.")
	}
	if v, _ := x.OpenAPI.(string); !regexp.MustCompile(`^3\.[0-2](\.\d{1,3})?$`).MatchString(v) {
		return errors.New("The field openapi must be a text such as 3.0.4, 3.1.1 or 3.2.0.")
	}
	return nil
}

// checkReferences refuses each reference out of the document, wherever it stands, and those
// of paths, which would multiply operations.
func checkReferences(raw []byte) error {
	var all any
	if err := json.Unmarshal(raw, &all); err != nil {
		return err
	}
	if err := inside(all); err != nil {
		return err
	}
	return chains(all)
}

// maxChain is how many references may lead from one to the next: following a long chain takes
// a time that grows with the square of its length.
const maxChain = 10

// chains refuses components that are references to references, and so on.
func chains(all any) error {
	components, _ := member(all, "components").(map[string]any)
	for kind, list := range components {
		named, _ := list.(map[string]any)
		for name, x := range named {
			for n := 0; ; n++ {
				to, _ := member(x, "$ref").(string)
				if to == "" {
					break
				}
				if n == maxChain {
					return fmt.Errorf("more than %d references lead from %q to one another", maxChain, cut(name))
				}
				x = named[strings.TrimPrefix(to, "#/components/"+kind+"/")]
			}
		}
	}
	return nil
}

func member(x any, name string) any {
	object, _ := x.(map[string]any)
	return object[name]
}

func inside(x any) error {
	switch x := x.(type) {
	case map[string]any:
		for key, v := range x {
			if to, ok := v.(string); ok && (key == "$ref" || key == "$dynamicRef") && !strings.HasPrefix(to, "#") {
				return fmt.Errorf("the reference %q leads out of the document: put what it refers to into it", cut(to))
			}
			if err := inside(v); err != nil {
				return err
			}
		}
	case []any:
		for _, v := range x {
			if err := inside(v); err != nil {
				return err
			}
		}
	}
	return nil
}

// short returns the first line of an error, not too long, without its last full stop.
func short(err error) string {
	// Of YAML without the lines around the fault: to color and number those takes seconds.
	text, _, _ := strings.Cut(yaml.FormatError(err, false, false), "\n")
	return strings.TrimSuffix(cut(text), ".")
}

func controls(r rune) bool {
	return r == ' ' || unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp)
}

// cut returns at most domain.MaxOperationText characters in one line, without those that
// control what is shown, such as the direction of writing.
func cut(s string) string {
	if len(s) > 8*domain.MaxOperationText {
		s = strings.ToValidUTF8(s[:8*domain.MaxOperationText], "")
	}
	s = strings.Join(strings.FieldsFunc(s, controls), " ")
	if r := []rune(s); len(r) > domain.MaxOperationText {
		return string(r[:domain.MaxOperationText-1]) + "…"
	}
	return s
}

// Package yamltokens looks at the tokens of a YAML text before anything is built of it: it
// refuses what multiplies a small text, and what is nested deeper than anybody writes.
package yamltokens

import (
	"fmt"
	"maps"

	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

// Limits is how deep a text may be nested: its blocks, in columns, and its brackets; and how
// many keys a block may have, as reading one takes its square.
type Limits struct{ Column, Flow, Keys int }

// Check refuses anchors, aliases, merge keys, tags, a second document, and deep nesting. The
// error names the line.
func Check(text string, most Limits) error {
	flow, documents := 0, 0
	keys := map[int]int{} // of the blocks that are open, by their columns
	for _, t := range lexer.Tokenize(text) {
		at := fmt.Sprintf("line %d", t.Position.Line)
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType, token.TagType:
			return fmt.Errorf("%s: anchors, aliases and tags are no part of the format", at)
		case token.DocumentHeaderType:
			if documents++; documents > 1 {
				return fmt.Errorf("%s: the file has a second document", at)
			}
		case token.MappingStartType, token.SequenceStartType:
			if flow++; flow > most.Flow {
				return fmt.Errorf("%s: the brackets are nested too deep", at)
			}
		case token.MappingEndType, token.SequenceEndType:
			flow--
		case token.SequenceEntryType, token.MappingKeyType, token.MappingValueType:
			if flow > 0 {
				continue
			}
			c := column(t)
			if c > most.Column {
				return fmt.Errorf("%s: the blocks are nested too deep", at)
			}
			maps.DeleteFunc(keys, func(other, _ int) bool { return other > c })
			if t.Type != token.SequenceEntryType {
				keys[c]++
			}
			if keys[c] > most.Keys {
				return fmt.Errorf("%s: the block has more than %d keys", at, most.Keys)
			}
		}
	}
	return nil
}

// column returns where an entry of a block begins: of a mapping, its key.
func column(t *token.Token) int {
	if t.Type == token.MappingValueType && t.Prev != nil {
		t = t.Prev
	}
	return t.Position.Column
}

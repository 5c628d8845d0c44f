package markdown

import "strings"

const (
	// tab is how far a tab indents.
	tab = 4
	// maxPairs is how many pairs of signs of emphasis a text may have whose ends are looked
	// for: each sign is compared with all before it in its paragraph.
	maxPairs = 40_000_000
	// maxLookahead is how many characters may be looked at for the ends of links: from each
	// beginning of an address to the end of its paragraph.
	maxLookahead = 20_000_000
)

// tooMuch reports whether a text would take long to render, or be nested deeper than MaxDepth:
// whether a line opens that many blocks, or is indented as in a list of that depth, or
// paragraphs ask for more comparisons than a text that is to be read.
func tooMuch(text string) bool {
	var all, here paragraph
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) == "" {
			all.add(here)
			here = paragraph{}
			continue
		}
		if deep(line) {
			return true
		}
		here.read(line)
	}
	all.add(here)
	return all.cells > MaxCells || all.pairs > maxPairs || all.lookahead > maxLookahead
}

// deep reports whether a line opens more blocks than MaxDepth, or is indented that deep.
func deep(line string) bool {
	opens := line[:len(line)-len(strings.TrimLeft(line, " \t>-*+.)0123456789"))]
	marks := len(opens) - strings.Count(opens, " ") - strings.Count(opens, "\t")
	indent := strings.Count(opens, " ") + tab*strings.Count(opens, "\t")
	// A line of one sign alone is a rule, or dots.
	rule := strings.Trim(line, "-*_. \t\r\n") == ""
	return !rule && (marks > MaxDepth || indent > tab*MaxDepth)
}

// paragraph is what rendering lines without an empty one between them may cost. Where they are
// several blocks, it is more than that.
type paragraph struct {
	length, lines, columns, signs, links int
	// cells, pairs and lookahead are those of all paragraphs that were added.
	cells, pairs, lookahead int
}

func (p *paragraph) read(line string) {
	p.length += len(line)
	p.lines++
	p.columns = max(p.columns, strings.Count(line, "|"))
	p.signs += strings.Count(line, "*") + strings.Count(line, "_") + strings.Count(line, "~")
	p.links += strings.Count(line, "](")
}

// add adds what another paragraph costs. A table need not be written out to have all its
// cells; it ends at an empty line at the latest.
func (p *paragraph) add(other paragraph) {
	p.cells += other.lines * other.columns
	p.pairs += other.signs * other.signs
	p.lookahead += other.links * other.length
}

package gqlhttp

// Limits bound what one request may ask for. All are inclusive. A zero is a
// limit of zero, so start from DefaultLimits.
type Limits struct {
	// BodyBytes is the longest request body; DrainBytes is how much of a longer
	// one is read and discarded, so that the client can read the refusal.
	BodyBytes, DrainBytes int64
	// Nesting is how deep JSON bodies and the values inside documents nest,
	// Values the number of values in a body.
	Nesting, Values int

	// TextBytes is the longest document, Tokens the most tokens in it, Name the
	// longest name in bytes.
	TextBytes, Tokens, Name int
	// Operations and Fragments are the most definitions of each kind.
	Operations, Fragments int
	// Depth is how deep selections nest; fields, inline fragments and spreads
	// each count as a level. Nodes is the number of selections after every
	// spread is expanded, RootFields the number at the root.
	Depth, Nodes, RootFields int
	// Aliases and Directives are counted in the text.
	Aliases, Directives int
	// Pairs bounds the work of checking that fields merge: the sum, over every
	// response name, of the square of how often it occurs in the text, where
	// each inline fragment around an occurrence counts once more.
	Pairs int
	// Cost is the most that an operation may cost; docs/cost.md has the formula.
	Cost int

	// AnswerBytes is the largest data of an answer.
	AnswerBytes int
	// Errors is the most errors in one answer, Message the longest message in
	// bytes.
	Errors, Message int

	// CacheEntries and CacheBytes bound the cache of documents, by number and by
	// estimated memory; texts longer than CacheText bytes are not cached.
	CacheEntries, CacheBytes, CacheText int
}

// DefaultLimits returns limits that admit GraphiQL's introspection, and pages
// several times larger than Portico's own.
func DefaultLimits() Limits {
	return Limits{
		BodyBytes: 256 << 10, DrainBytes: 8 << 20,
		Nesting: 16, Values: 1000,
		TextBytes: 64 << 10, Tokens: 1500, Name: 128,
		Operations: 20, Fragments: 50,
		Depth: 20, Nodes: 1000, RootFields: 20,
		Aliases: 50, Directives: 50,
		Pairs:       10_000,
		Cost:        50_000,
		AnswerBytes: 8 << 20,
		Errors:      20, Message: 500,
		CacheEntries: 1000, CacheBytes: 32 << 20, CacheText: 8 << 10,
	}
}

package input

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/nodeid"
)

// problemOf returns the code and the field of the only problem of an input; "" for none.
func problemOf(t *testing.T, err error) (code fault.ProblemCode, field string) {
	t.Helper()
	if err == nil {
		return "", ""
	}
	all := fault.Problems(err)
	require.Len(t, all, 1, "%v", err)
	return all[0].Code, strings.Join(all[0].Field, ".")
}

func requireProblem(t *testing.T, want fault.ProblemCode, err error) {
	t.Helper()
	got, field := problemOf(t, err)
	require.Equal(t, want, got)
	if want != "" {
		require.NotEmpty(t, field)
		require.NotEmpty(t, fault.Problems(err)[0].Message)
	}
}

func TestTextsAreAsLongAsTheirLimit(t *testing.T) {
	requireProblem(t, "", CheckLine("f", "äöü", 3))
	requireProblem(t, fault.TooLong, CheckLine("f", "äöüß", 3))
	requireProblem(t, "", CheckText("f", strings.Repeat("a", 10), 10, true))
	requireProblem(t, fault.TooLong, CheckText("f", strings.Repeat("a", 11), 10, true))
	requireProblem(t, "", CheckText("f", "", 0, true))
	require.Equal(t, []fault.Param{{Name: "max", Value: "3"}}, fault.Problems(CheckLine("f", "äöüß", 3))[0].Params)
}

func TestLineBreaksAreForLongTextsAlone(t *testing.T) {
	requireProblem(t, "", CheckText("f", "two\nlines", 100, true))
	requireProblem(t, fault.InvalidCharacters, CheckText("f", "two\nlines", 100, false))
	requireProblem(t, fault.InvalidCharacters, CheckLine("f", "two\nlines", 100))
	requireProblem(t, fault.InvalidCharacters, CheckText("f", "a\x00b", 100, true))
}

func TestTextsOfWhichNothingIsSeenAreNotTexts(t *testing.T) {
	requireProblem(t, "", CheckSeen("f", ""))
	requireProblem(t, fault.Required, CheckSeen("f", "\u200b"))
	requireProblem(t, fault.Required, CheckText("f", "\u200b", 10, true))
}

func TestReasonsAreOptional(t *testing.T) {
	requireProblem(t, "", CheckReason("reason", nil))
	requireProblem(t, "", CheckReason("reason", new("two\nlines")))
	requireProblem(t, "", CheckReason("reason", new(strings.Repeat("a", 1000))))
	requireProblem(t, fault.TooLong, CheckReason("reason", new(strings.Repeat("a", 1001))))
}

func TestListsHaveGreatestLengths(t *testing.T) {
	requireProblem(t, "", AtMost("f", 3, 3))
	requireProblem(t, fault.TooMany, AtMost("f", 4, 3))
}

func TestLabels(t *testing.T) {
	label := func(k, v string) domain.Label { return domain.Label{Key: k, Value: v} }
	many := make([]domain.Label, MaxLabels+1)
	for i := range many {
		many[i] = label(strings.Repeat("k", i+1), "v")
	}
	for name, c := range map[string]struct {
		labels []domain.Label
		code   fault.ProblemCode
		field  string
	}{
		"none":                {nil, "", ""},
		"as many as allowed":  {many[:MaxLabels], "", ""},
		"one too many":        {many, fault.TooMany, "l"},
		"an empty value":      {[]domain.Label{label("a", "")}, "", ""},
		"an empty key":        {[]domain.Label{label("a", "x"), label("", "x")}, fault.Required, "l.1.key"},
		"two of a key":        {[]domain.Label{label("a", "x"), label("b", "x"), label("a", "y")}, fault.Taken, "l.2.key"},
		"a long key":          {[]domain.Label{label(strings.Repeat("k", 64), "x")}, fault.TooLong, "l.0.key"},
		"a long value":        {[]domain.Label{label("a", strings.Repeat("v", 256))}, fault.TooLong, "l.0.value"},
		"a value of two rows": {[]domain.Label{label("a", "x\ny")}, fault.InvalidCharacters, "l.0.value"},
	} {
		code, field := problemOf(t, CheckLabels("l", c.labels))
		require.Equal(t, c.code, code, name)
		require.Equal(t, c.field, field, name)
	}
}

func TestEmailsArePlain(t *testing.T) {
	requireProblem(t, "", CheckEmail("email", ""))
	requireProblem(t, "", CheckEmail("email", "ada@example.com"))
	for _, s := range []string{"ada", "Ada <ada@example.com>", "@example.com", " ada@example.com", "ada@example.com\u200b"} {
		require.NotEmpty(t, fault.Problems(CheckEmail("email", s)), "%q was taken", s)
	}
	requireProblem(t, fault.InvalidCharacters, CheckEmail("email", " ada@example.com"))
}

func TestProfiles(t *testing.T) {
	good := domain.Profile{Website: "https://ACME.example", ContactEmail: "ada@example.com", Description: "two\nlines", CustomFields: []domain.Label{{Key: "a", Value: "b"}}}
	require.NoError(t, CheckProfile("profile", good))
	bad := domain.Profile{Website: "acme", ContactEmail: "ada", Description: "\u200b", CustomFields: []domain.Label{{}}}
	var fields []string
	for _, p := range fault.Problems(CheckProfile("profile", bad)) {
		fields = append(fields, strings.Join(p.Field, "."))
	}
	require.Equal(t, []string{"profile.website", "profile.contactEmail", "profile.description", "profile.customFields.0.key"}, fields)
	kept := NormalizeProfile(good)
	require.Equal(t, "https://acme.example", kept.Website)
	require.Equal(t, good.ContactEmail, kept.ContactEmail)
}

func TestSlugs(t *testing.T) {
	for _, s := range []string{"a", "a-b", "0", strings.Repeat("a", 63)} {
		requireProblem(t, "", CheckSlug("name", s))
	}
	requireProblem(t, fault.Required, CheckSlug("name", ""))
	for _, s := range []string{"A", "-a", "a-", "a_b", "a b", strings.Repeat("a", 64)} {
		requireProblem(t, fault.InvalidValue, CheckSlug("name", s))
	}
}

func TestRangesIncludeTheirEnds(t *testing.T) {
	for n, want := range map[int]fault.ProblemCode{1: fault.InvalidValue, 2: "", 3: "", 4: "", 5: fault.InvalidValue} {
		requireProblem(t, want, CheckRange("f", n, 2, 4))
	}
	require.Equal(t, []fault.Param{{Name: "min", Value: "2"}, {Name: "max", Value: "4"}}, fault.Problems(CheckRange("f", 5, 2, 4))[0].Params)
}

func TestIDsOfOtherKindsMatchNothing(t *testing.T) {
	one, two := uuid.New(), uuid.New()
	ids := EncodeIDs(nodeid.App, []uuid.UUID{one, two})
	require.Equal(t, []uuid.UUID{one, two}, DecodeIDs(nodeid.App, append([]string{"no id"}, ids...)))
	require.Empty(t, DecodeIDs(nodeid.Product, ids))
	require.NotNil(t, EncodeIDs(nodeid.App, nil))
	got, err := DecodeID(nodeid.App, ids[0])
	require.NoError(t, err)
	require.Equal(t, one, got)
	_, err = DecodeID(nodeid.Product, ids[0])
	require.Equal(t, fault.NotFound(), err)
}

func TestReferencesMustExist(t *testing.T) {
	one, two := uuid.New(), uuid.New()
	ids := EncodeIDs(nodeid.Product, []uuid.UUID{one, two})
	require.NoError(t, CheckReferences(nodeid.Product, "productIds", ids, []uuid.UUID{two, one}, "No."))
	for name, given := range map[string][]string{
		"unknown": ids, "malformed": {ids[0], "no id"}, "of another kind": {ids[0], nodeid.Encode(nodeid.App, one)},
	} {
		code, field := problemOf(t, CheckReferences(nodeid.Product, "productIds", given, []uuid.UUID{one, uuid.Nil}, "No."))
		require.Equal(t, fault.UnknownReference, code, name)
		require.Equal(t, "productIds.1", field, name)
	}
}

func TestListedProductsOfAnEvent(t *testing.T) {
	one := uuid.New()
	require.Nil(t, ListedProducts(nil))
	require.Equal(t, []string{nodeid.Encode(nodeid.Product, one)}, ListedProducts([]uuid.UUID{one}))
}

func TestRateLimits(t *testing.T) {
	require.Equal(t, &access.RateLimit{Limit: 5, Burst: 5}, WithBurst(&access.RateLimit{Limit: 5}))
	require.Equal(t, &access.RateLimit{Limit: 5, Burst: 2}, WithBurst(&access.RateLimit{Limit: 5, Burst: 2}))
	requireProblem(t, "", CheckRateLimit(nil))
	requireProblem(t, "", CheckRateLimit(&access.RateLimit{Limit: 1_000_000, Burst: 1}))
	requireProblem(t, "", CheckRateLimit(&access.RateLimit{Limit: 1}))
	requireProblem(t, fault.InvalidValue, CheckRateLimit(&access.RateLimit{Limit: 0, Burst: 1}))
	requireProblem(t, fault.InvalidValue, CheckRateLimit(&access.RateLimit{Limit: 1, Burst: -1}))
	requireProblem(t, fault.InvalidValue, CheckRateLimit(&access.RateLimit{Limit: 1, Burst: 1_000_001}))
}

func TestPatches(t *testing.T) {
	absent, cleared, set := Patch[string]{}, Patch[string]{Set: true}, Patch[string]{Set: true, Value: new("https://ACME.example")}
	require.Equal(t, "otherwise", absent.Or("otherwise"))
	require.Equal(t, "otherwise", cleared.Or("otherwise"))
	require.Equal(t, "https://ACME.example", set.Or("otherwise"))
	require.NoError(t, absent.Required("f"))
	requireProblem(t, fault.Required, cleared.Required("f"))
	require.NoError(t, set.Required("f"))
	require.Equal(t, "https://acme.example", *NormalizeURLPatch(set).Value)
	require.Equal(t, cleared, NormalizeURLPatch(cleared))
	require.Equal(t, 7, Or(nil, 7))
	require.Equal(t, 8, Or(new(8), 7))
	require.Equal(t, 0, OrZero[int](nil))
	require.Equal(t, 8, OrZero(new(8)))
}

func TestSearchedTextsCanBeCompared(t *testing.T) {
	require.Equal(t, "a\uFFFDb\uFFFD", Sanitize("a\x00b\xff"))
	require.Equal(t, domain.Fold("ACME")+"\uFFFD", SearchText("ACME\x00"))
}

package identity

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"portico/internal/address"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
)

const (
	// maxSubject is how long a provider's id of a person may be (OpenID Connect Core 1.0, 2).
	maxSubject = 255
	// maxClaimed is how many accounts claims may name.
	maxClaimed = 100
)

// Arrival is what a provider says of a person who arrives by it.
type Arrival struct {
	Subject  string
	IssuedAt time.Time
	Name     string
	// Email is the address that the person owns; not valid if the provider does not say so.
	Email address.Email
	// Role is the one that the claims give.
	Role domain.UserRole
	// Accounts are those that the claims name. NamesAccounts is false if they say nothing of
	// accounts: then memberships stay as they are.
	Accounts      []uuid.UUID
	NamesAccounts bool
}

// ReadArrival reads the claims of a verified token by the provider's settings. Claims
// never lead into another organization than the provider's.
func (p Provider) ReadArrival(issuedAt time.Time, claims map[string]any) (Arrival, error) {
	a := Arrival{IssuedAt: issuedAt.UTC(), Name: text(claims, p.NameClaim)}
	if a.Subject = text(claims, p.SubjectClaim); a.Subject == "" || input.CheckLine("subject", a.Subject, maxSubject) != nil {
		return a, errNotLetIn("the claims have no usable subject")
	}
	if p.RequiredClaim != "" && !slices.Contains(texts(claims, p.RequiredClaim), p.RequiredValue) {
		return a, errNotLetIn("the claims lack the required value")
	}
	if verified := claim(claims, p.VerifiedClaim); verified == true || verified == "true" {
		a.Email = address.ParseEmail(text(claims, p.EmailClaim))
	}
	has := func(value string) bool {
		return p.RoleClaim != "" && value != "" && slices.Contains(texts(claims, p.RoleClaim), value)
	}
	a.Role = claimedRole(has(p.AdminValue), has(p.ApproverValue))
	a.Accounts, a.NamesAccounts = p.readAccounts(claims)
	return a, nil
}

// readAccounts returns the accounts that claims name. ok is false if they say nothing of
// accounts: the claim is missing, as where a token has fewer than others, is of another
// type, or names more than maxClaimed.
func (p Provider) readAccounts(claims map[string]any) (out []uuid.UUID, ok bool) {
	if p.AccountsClaim == "" {
		return nil, false
	}
	switch claim(claims, p.AccountsClaim).(type) {
	case string, []any:
	default:
		return nil, false
	}
	for _, id := range texts(claims, p.AccountsClaim) {
		if id, ok := nodeid.Decode(nodeid.Account, id); ok {
			out = append(out, id)
		}
	}
	slices.SortFunc(out, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	out = slices.Compact(out)
	if len(out) > maxClaimed {
		return nil, false
	}
	return out, true
}

// isNews reports whether claims are to be applied: those of an older token than the last,
// of time at, say nothing. What says the same as the last is applied too: otherwise a token
// that is older than it, and has been on its way for longer, would count as the newest.
func (a Arrival) isNews(at time.Time) bool { return a.NamesAccounts && a.IssuedAt.After(at) }

// claim returns a claim by its name, or by the path to it, such as realm_access.roles.
func claim(claims map[string]any, name string) any {
	if v, ok := claims[name]; ok {
		return v
	}
	first, rest, ok := strings.Cut(name, ".")
	inner, is := claims[first].(map[string]any)
	if !ok || !is {
		return nil
	}
	return claim(inner, rest)
}

// text returns a claim that is one text or a number; "" for everything else.
func text(claims map[string]any, name string) string {
	switch v := claim(claims, name).(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// texts returns the texts in a claim that is a text, or a list of them.
func texts(claims map[string]any, name string) (out []string) {
	switch v := claim(claims, name).(type) {
	case string:
		return []string{v}
	case []any:
		for _, one := range v {
			if s, ok := one.(string); ok {
				out = append(out, s)
			}
		}
	}
	return out
}

// errNotLetIn returns the one error for everybody whom a provider knows and the
// organization does not let in. Why is for the log.
func errNotLetIn(why string) error { return notLetIn(errors.New(why)) }

func notLetIn(why error) error {
	return fault.Wrap(fault.CodeUnauthenticated, fault.ReasonSessionExpired, why, "You are not signed in, or your sign-in has ended.")
}

// ErrSecondFactor is the cause of the error for somebody who needs a second factor, which
// the provider does not stand for.
var ErrSecondFactor = errors.New("a second factor is needed, and the provider does not count as one")

// ErrProviderChanged is the cause of the error for somebody who arrives by a provider that
// was changed after it was read.
var ErrProviderChanged = errors.New("the provider was changed at this moment")

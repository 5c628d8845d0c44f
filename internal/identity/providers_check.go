package identity

import (
	"context"
	"errors"
	"slices"
	"strings"

	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/input"
)

// most is the longest a setting may be that no other rule bounds.
const most = 500

// check returns every problem of the settings but that of the issuer's address: whether it
// needs TLS is for the caller, who knows whether this is development.
func (s ProviderSettings) check() error {
	errs := []error{input.CheckSlug("name", s.Name), input.CheckLine("label", s.Label, 100)}
	if s.Label == "" {
		errs = append(errs, fault.Input(fault.Required, "label", "Say what people know it by."))
	}
	for _, v := range s.Values() {
		if text, ok := v.Value.(string); ok && v.Name != "label" {
			errs = append(errs, input.CheckLine(v.Name, text, most))
		}
	}
	for _, required := range []struct{ field, value string }{
		{"issuer", s.Issuer}, {"algorithms", s.Algorithms}, {"subjectClaim", s.SubjectClaim}, {"emailClaim", s.EmailClaim},
		{"verifiedClaim", s.VerifiedClaim}, {"nameClaim", s.NameClaim},
	} {
		if required.value == "" {
			errs = append(errs, fault.Input(fault.Required, required.field, "This must not be empty."))
		}
	}
	for _, a := range strings.Fields(s.Algorithms) {
		if !slices.Contains(domain.SigningAlgorithms(), a) {
			errs = append(errs, fault.Input(fault.InvalidValue, "algorithms", "Of these, separated by blanks: "+strings.Join(domain.SigningAlgorithms(), ", ")+"."))
		}
	}
	return fault.Collect(append(errs, s.checkUse()...)...)
}

func (s ProviderSettings) checkUse() (errs []error) {
	switch {
	case s.Audience == "" && s.ClientID == "":
		errs = append(errs, fault.Input(fault.Required, "audience", "Name the audience of access tokens, or the client by which browsers sign in, or both."))
	case s.Audience == s.ClientID:
		errs = append(errs, fault.Input(fault.InvalidValue, "audience", "It must not be the client: ID tokens, which are for the client, would pass as access tokens."))
	}
	if s.ClientID != "" && !slices.Contains(strings.Fields(s.Scopes), "openid") {
		errs = append(errs, fault.Input(fault.InvalidValue, "scopes", "The sign-in of browsers needs the scope openid."))
	}
	if (s.RoleClaim == "") != (s.AdminValue == "" && s.ApproverValue == "") {
		errs = append(errs, fault.Input(fault.Required, "adminValue", "A claim for the role and its value for administrators or approvers belong together."))
	}
	if (s.RequiredClaim == "") != (s.RequiredValue == "") {
		errs = append(errs, fault.Input(fault.Required, "requiredValue", "A required claim and its value belong together."))
	}
	if !slices.Contains(s.CreateUsers.Values(), string(s.CreateUsers)) {
		errs = append(errs, fault.Input(fault.InvalidValue, "createUsers", "NEVER or PORTAL."))
	}
	return errs
}

// checkSubjects returns an error for a change by which a provider's ids of people would be
// those of others: whoever they have stood for is a user, or was one and must not come back.
func checkSubjects(ctx context.Context, tx *change.Tx, p Provider, before ProviderSettings) error {
	if p.Issuer == before.Issuer && p.SubjectClaim == before.SubjectClaim {
		return nil
	}
	if any, err := exists(ctx, tx, `SELECT 1 FROM external_identities WHERE provider_id = $1 LIMIT 1`, p.ID); err != nil || !any {
		return err
	}
	field := "issuer"
	if p.Issuer == before.Issuer {
		field = "subjectClaim"
	}
	return fault.Input(fault.NotAllowed, field, "It says who people are, and some have come in by it: add another provider, or remove this one first.")
}

// checkAudiences returns an error if the access tokens of one provider would be the ID
// tokens of another, which every client gets that signs people in.
func checkAudiences(ctx context.Context, tx *change.Tx, p Provider) error {
	any, err := exists(ctx, tx, `SELECT 1 FROM identity_providers WHERE issuer = $1 AND id <> $2 AND (client_id = $3 AND $3 <> '' OR audience = $4 AND $4 <> '') LIMIT 1`,
		p.Issuer, p.ID, p.Audience, p.ClientID)
	if err == nil && any {
		err = fault.Input(fault.NotAllowed, "audience", "A client's id is no audience of access tokens, also where another provider with this issuer has it.")
	}
	return err
}

func exists(ctx context.Context, q queryer, text string, args ...any) (bool, error) {
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return false, err
	}
	found := rows.Next()
	return found, errors.Join(rows.Err(), rows.Close())
}

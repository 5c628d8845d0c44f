package identity

import (
	"cmp"
	"context"
	"strings"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/viewer"
)

// MaxProviders is how many identity providers an organization may have.
const MaxProviders = 20

// ProviderSettings is what an operator says of an identity provider.
type ProviderSettings struct {
	// Name is in addresses, Label for people.
	Name, Label string
	Issuer      string
	// Audience is what access tokens are for; "": none are accepted. ClientID is what
	// Portico is there for the sign-in of browsers; "": there is none.
	Audience, ClientID string
	// Scopes and Algorithms are separated by blanks.
	Scopes, Algorithms string
	// The claims, by name; "" for none where that is possible.
	SubjectClaim, EmailClaim, VerifiedClaim, NameClaim  string
	RoleClaim, AdminValue, ApproverValue, AccountsClaim string
	RequiredClaim, RequiredValue                        string
	CreateUsers                                         domain.CreateUsers
	// LinkByEmail: a verified address makes somebody the user who has it.
	LinkByEmail bool
	// SecondFactor: a sign-in there counts as one with a second factor.
	SecondFactor bool
}

// Provider is an identity provider of an organization.
type Provider struct {
	ID, OrganizationID uuid.UUID
	Version            int
	ProviderSettings
	// Secret is the client secret as it was sealed; nil for a public client.
	Secret []byte
}

// DefaultProvider returns the settings that an operator need not give.
func DefaultProvider() ProviderSettings {
	return ProviderSettings{Scopes: "openid profile email", Algorithms: "RS256", SubjectClaim: "sub", EmailClaim: "email",
		VerifiedClaim: "email_verified", NameClaim: "name", CreateUsers: domain.CreateNever}
}

// AddProvider lets people of an identity provider in. Like the other changes of
// providers it is only called by commands, as Portico itself: whoever could name a
// provider by the API could make the server fetch any address, and lock the organization
// out. secret is the sealed client secret; nil for a public client.
func (svc *Service) AddProvider(ctx context.Context, slug string, in ProviderSettings, secret []byte) (Provider, error) {
	if err := in.check(); err != nil {
		return Provider{}, err
	}
	return svc.changeProviders(ctx, slug, func(ctx context.Context, tx *change.Tx, o *db.Organization) (Provider, error) {
		p := Provider{ID: uuid.Must(uuid.NewV7()), OrganizationID: o.ID, Version: 1, ProviderSettings: in, Secret: secret}
		if all, err := readProviders(ctx, tx, `organization_id = $1`, o.ID); err != nil || len(all) >= MaxProviders {
			return p, cmp.Or[error](err, fault.Input(fault.TooMany, "name", "An organization may have 20 identity providers.", fault.Param{Name: "max", Value: "20"}))
		}
		if err := checkAudiences(ctx, tx, p); err != nil {
			return p, err
		}
		if err := insertProvider(ctx, tx, p); err != nil {
			return p, takenProvider(err)
		}
		tx.Record(organizationEvent(eventlog.IdentityProviderAdded, o, in.changes(ProviderSettings{})))
		return p, nil
	})
}

// UpdateProvider changes an identity provider. secret nil keeps the client secret, an
// empty one removes it. Tokens are judged by the new settings from the next request on.
func (svc *Service) UpdateProvider(ctx context.Context, slug, name string, secret []byte, patch func(*ProviderSettings)) (Provider, error) {
	return svc.changeProviders(ctx, slug, func(ctx context.Context, tx *change.Tx, o *db.Organization) (Provider, error) {
		p, err := providerByName(ctx, tx, o.ID, name)
		if err != nil {
			return p, err
		}
		before := p.ProviderSettings
		patch(&p.ProviderSettings)
		if err := p.check(); err != nil {
			return p, err
		}
		if err := cmp.Or(checkSubjects(ctx, tx, p, before), checkAudiences(ctx, tx, p)); err != nil {
			return p, err
		}
		changes := p.changes(before)
		if secret != nil {
			p.Secret = secret
			changes = append(changes, domain.Change{Field: "clientSecret"})
		}
		if len(changes) == 0 {
			return p, nil
		}
		p.Version++
		if err := updateProvider(ctx, tx, p); err != nil {
			return p, takenProvider(err)
		}
		tx.Record(organizationEvent(eventlog.IdentityProviderUpdated, o, append(change.Attributes("provider", p.Name), changes...)))
		return p, nil
	})
}

// RemoveProvider removes an identity provider, and who its people are there. Its access
// tokens are refused from the next request on; users and their sessions stay.
func (svc *Service) RemoveProvider(ctx context.Context, slug, name string) error {
	_, err := svc.changeProviders(ctx, slug, func(ctx context.Context, tx *change.Tx, o *db.Organization) (Provider, error) {
		p, err := providerByName(ctx, tx, o.ID, name)
		if err != nil {
			return p, err
		}
		for _, text := range []string{
			`DELETE FROM external_memberships WHERE identity_id IN (SELECT id FROM external_identities WHERE provider_id = $1)`,
			`DELETE FROM external_identities WHERE provider_id = $1`,
			`DELETE FROM identity_providers WHERE id = $1`,
		} {
			if _, err := tx.ExecContext(ctx, text, p.ID); err != nil {
				return p, err
			}
		}
		tx.Record(organizationEvent(eventlog.IdentityProviderRemoved, o, change.Attributes("provider", p.Name)))
		return p, nil
	})
	return err
}

// changeProviders makes a change of an organization's providers, one at a time.
func (svc *Service) changeProviders(ctx context.Context, slug string, f func(context.Context, *change.Tx, *db.Organization) (Provider, error)) (Provider, error) {
	return change.Write(viewer.AsSystem(ctx, uuid.Nil), svc.changes, func(ctx context.Context, tx *change.Tx) (Provider, error) {
		if err := enterOrganization(ctx, tx, slug); err != nil {
			return Provider{}, err
		}
		o, err := change.LockRowForUpdate(ctx, tx, tx.Organization, tx.OrganizationID())
		if err != nil {
			return Provider{}, err
		}
		return f(ctx, tx, o)
	})
}

func errUnknownProvider() error {
	return fault.Input(fault.UnknownReference, "name", "The organization has no identity provider of this name.")
}

func takenProvider(err error) error {
	return change.Taken(err, "name", "The organization has an identity provider of this name, or there is one with this issuer and audience already.")
}

// changes returns what differs from settings before.
func (s ProviderSettings) changes(before ProviderSettings) []domain.Change {
	var d change.Diff
	old := before.Values()
	for i, v := range s.Values() {
		if v.Value != old[i].Value {
			d.Add(v.Name, old[i].Value, v.Value)
		}
	}
	return d.Changes
}

// ProviderSetting is one of the settings, as it is named in events.
type ProviderSetting struct {
	Name  string
	Value any
}

// Values returns the settings, in the order in which they are shown.
func (s ProviderSettings) Values() []ProviderSetting {
	return []ProviderSetting{
		{"name", s.Name}, {"label", s.Label}, {"issuer", s.Issuer}, {"audience", s.Audience}, {"clientId", s.ClientID},
		{"scopes", s.Scopes}, {"algorithms", s.Algorithms}, {"subjectClaim", s.SubjectClaim}, {"emailClaim", s.EmailClaim},
		{"verifiedClaim", s.VerifiedClaim}, {"nameClaim", s.NameClaim}, {"roleClaim", s.RoleClaim}, {"adminValue", s.AdminValue}, {"approverValue", s.ApproverValue},
		{"accountsClaim", s.AccountsClaim}, {"requiredClaim", s.RequiredClaim}, {"requiredValue", s.RequiredValue},
		{"createUsers", string(s.CreateUsers)}, {"linkByEmail", s.LinkByEmail}, {"secondFactor", s.SecondFactor},
	}
}

// columns names the columns of the settings, in their order.
func columns() []string {
	return strings.Fields(`name label issuer audience client_id scopes algorithms subject_claim email_claim verified_claim name_claim
		role_claim admin_value approver_value accounts_claim required_claim required_value create_users link_by_email second_factor`)
}

// fields returns where the settings are read into, in their order.
func (s *ProviderSettings) fields() []any {
	return []any{&s.Name, &s.Label, &s.Issuer, &s.Audience, &s.ClientID, &s.Scopes, &s.Algorithms, &s.SubjectClaim, &s.EmailClaim, &s.VerifiedClaim, &s.NameClaim,
		&s.RoleClaim, &s.AdminValue, &s.ApproverValue, &s.AccountsClaim, &s.RequiredClaim, &s.RequiredValue, &s.CreateUsers, &s.LinkByEmail, &s.SecondFactor}
}

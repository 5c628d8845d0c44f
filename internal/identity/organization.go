package identity

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"portico/clients/go/gate/rawkey"
	"portico/clients/go/gate/zone"
	"portico/ent/db"
	"portico/ent/db/organization"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// UpdateOrganizationInput is the input of UpdateOrganization.
type UpdateOrganizationInput struct {
	Version          *int
	Name             input.Patch[string]
	Website          input.Patch[string]
	SupportEmail     input.Patch[string]
	LogoURL          input.Patch[string]
	TimeZone         input.Patch[string]
	Currency         input.Patch[string]
	PortalUnregister input.Patch[domain.PortalUnregister]
	ProductionKeys   input.Patch[domain.ProductionKeys]
	LeakedKeys       input.Patch[domain.LeakedKeys]
	CatalogueAccess  input.Patch[domain.CatalogueAccess]
	PasswordSignIn   input.Patch[bool]
	StaffTotp        input.Patch[bool]
	ActAs            input.Patch[bool]
	SignUp           input.Patch[domain.SignUpPolicy]
	SignUpForm       input.Patch[domain.Form]
	Terms            input.Patch[domain.Terms]
	KeyPrefix        input.Patch[string]
	ImportedKeys     input.Patch[bool]
	LongestKeyLife   input.Patch[domain.KeyLife]
	RotateKeysEvery  input.Patch[domain.KeyLife]
	// RequestsExpireAfterDays: nil is never.
	RequestsExpireAfterDays input.Patch[int]
	MultiProductRequests    input.Patch[bool]
	CollectKeysWithinDays   input.Patch[int]
	DeletedRetentionDays    input.Patch[int]
	EventRetentionDays      input.Patch[int]
	UsageRetention          input.Patch[domain.UsageRetention]
}

// UpdateOrganization changes the profile and the policies of the viewer's
// organization.
func (svc *Service) UpdateOrganization(ctx context.Context, in UpdateOrganizationInput) (*db.Organization, error) {
	if err := checkOrganization(in); err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.Organization, error) {
		if err := tx.Authorize(policy.UpdateOrganization(tx.OrganizationID())); err != nil {
			return nil, err
		}
		o, err := change.LockRowForUpdate(ctx, tx, tx.Organization, tx.OrganizationID())
		if err != nil {
			return nil, err
		}
		if err := change.CheckVersion(in.Version, o.Version); err != nil {
			return nil, err
		}
		if in.StaffTotp.Or(o.StaffTotp) != o.StaffTotp {
			if err := setStaffTotp(ctx, tx, !o.StaffTotp); err != nil {
				return nil, err
			}
		}
		if in.ActAs.Or(o.ActAs) != o.ActAs {
			if err := tx.Authorize(policy.AllowActAs(o.ID)); err != nil {
				return nil, err
			}
		}
		u := tx.Organization.UpdateOne(o)
		changes := patchOrganization(u, o, in)
		if changes == nil {
			return o, nil
		}
		tx.Record(organizationEvent(eventlog.OrganizationUpdated, o, changes))
		return u.AddVersion(1).SetUpdatedAt(tx.Now).Save(ctx)
	})
}

func checkOrganization(in UpdateOrganizationInput) error {
	errs := []error{
		in.Name.Required("name"), in.TimeZone.Required("timeZone"), in.Currency.Required("currency"),
		in.PortalUnregister.Required("portalUnregister"), in.ProductionKeys.Required("productionKeys"), in.LeakedKeys.Required("leakedKeys"), in.CatalogueAccess.Required("catalogueAccess"),
		in.PasswordSignIn.Required("passwordSignIn"), in.StaffTotp.Required("staffTotp"), in.ActAs.Required("actAs"),
		in.SignUp.Required("signUp"), input.CheckForm("signUpForm.questions", in.SignUpForm.Or(domain.Form{})), in.KeyPrefix.Required("keyPrefix"), in.ImportedKeys.Required("importedKeys"),
		in.MultiProductRequests.Required("multiProductRequests"), in.CollectKeysWithinDays.Required("collectKeysWithinDays"),
		input.CheckRange("collectKeysWithinDays", in.CollectKeysWithinDays.Or(domain.DefaultCollectDays), 1, domain.MaxCollectDays),
		in.DeletedRetentionDays.Required("deletedRetentionDays"), in.EventRetentionDays.Required("eventRetentionDays"),
		input.CheckURL("website", in.Website.Or("")), input.CheckEmail("supportEmail", in.SupportEmail.Or("")), input.CheckURL("logoUrl", in.LogoURL.Or("")),
		input.CheckRange("requestsExpireAfterDays", in.RequestsExpireAfterDays.Or(1), 1, 365),
		input.CheckRange("deletedRetentionDays", in.DeletedRetentionDays.Or(30), 1, 365),
		input.CheckRange("eventRetentionDays", in.EventRetentionDays.Or(730), 30, 3650),
		checkKeyLife("longestKeyLife", in.LongestKeyLife.Or(domain.KeyLife{})),
		checkKeyLife("rotateKeysEvery", in.RotateKeysEvery.Or(domain.KeyLife{})),
		checkUsageRetention(in.UsageRetention.Or(domain.DefaultUsageRetention())),
	}
	if in.Name.Value != nil {
		errs = append(errs, input.CheckName("name", *in.Name.Value))
	}
	if in.Currency.Value != nil {
		errs = append(errs, input.CheckCurrency("currency", *in.Currency.Value))
	}
	if in.TimeZone.Value != nil {
		errs = append(errs, checkTimeZone("timeZone", *in.TimeZone.Value))
	}
	if in.Terms.Value != nil {
		errs = append(errs, input.CheckTerms("terms", *in.Terms.Value))
	}
	if in.KeyPrefix.Value != nil {
		errs = append(errs, checkKeyPrefix("keyPrefix", *in.KeyPrefix.Value))
	}
	return fault.Collect(errs...)
}

// ownPrefixes returns how Portico's own tokens begin: those of gateways of earlier builds,
// service tokens, refresh tokens, challenges, and the links of letters.
func ownPrefixes() []string {
	return []string{"pgw", "pst", "prt", "pch", strings.TrimSuffix(string(LinkPasswordReset), "_"), strings.TrimSuffix(string(LinkInvitation), "_"),
		strings.TrimSuffix(string(LinkSignUp), "_")}
}

func checkKeyPrefix(field, s string) error {
	if err := input.CheckSeen(field, s); err != nil {
		return err
	}
	if !rawkey.ValidPrefix(s) || len(s) < 2 || len(s) > 10 {
		return fault.Input(fault.InvalidValue, field, "This must be 2–10 small letters and digits, the first a letter.")
	}
	if slices.Contains(ownPrefixes(), s) {
		return fault.Input(fault.InvalidValue, field, "This prefix is that of Portico's own tokens.")
	}
	return nil
}

func checkTimeZone(field, s string) error {
	if err := input.CheckSeen(field, s); err != nil {
		return err
	}
	if !zone.Known(s) {
		return fault.Input(fault.InvalidValue, field, "This is not the IANA name of a time zone, such as Europe/Istanbul.")
	}
	return nil
}

func checkKeyLife(field string, k domain.KeyLife) error {
	var errs []error
	for _, in := range []struct {
		field string
		days  *int
	}{{"development", k.Development}, {"staging", k.Staging}, {"production", k.Production}} {
		if in.days != nil {
			errs = append(errs, input.CheckRange(field+"."+in.field, *in.days, 1, 3650))
		}
	}
	return fault.Collect(errs...)
}

// checkUsageRetention requires coarser counts to be kept at least as long as
// finer ones.
func checkUsageRetention(r domain.UsageRetention) error {
	least := domain.LeastUsageRetention()
	if err := fault.Collect(
		input.CheckRange("usageRetention.minutes", r.Minutes, least.Minutes, 90),
		input.CheckRange("usageRetention.hours", r.Hours, least.Hours, 1000),
		input.CheckRange("usageRetention.days", r.Days, least.Days, 3660),
	); err != nil {
		return err
	}
	if r.Hours < r.Minutes {
		return fault.Input(fault.InvalidValue, "usageRetention.hours", "Counts of hours are kept at least as long as those of minutes.")
	}
	if r.Days < r.Hours {
		return fault.Input(fault.InvalidValue, "usageRetention.days", "Counts of days are kept at least as long as those of hours.")
	}
	return nil
}

func patchOrganization(u *db.OrganizationUpdateOne, o *db.Organization, in UpdateOrganizationInput) []domain.Change {
	var d change.Diff
	change.SetText(&d, "name", o.Name, in.Name, func(s string) { u.SetName(s) })
	change.SetText(&d, "website", o.Website, input.NormalizeURLPatch(in.Website), func(s string) { u.SetWebsite(s) })
	change.SetText(&d, "supportEmail", o.SupportEmail, in.SupportEmail, func(s string) { u.SetSupportEmail(s) })
	change.SetText(&d, "logoUrl", o.LogoURL, input.NormalizeURLPatch(in.LogoURL), func(s string) { u.SetLogoURL(s) })
	change.SetText(&d, "timeZone", o.TimeZone, in.TimeZone, func(s string) { u.SetTimeZone(s) })
	change.SetText(&d, "currency", o.Currency, in.Currency, func(s string) { u.SetCurrency(s) })
	change.SetText(&d, "keyPrefix", o.KeyPrefix, in.KeyPrefix, func(s string) { u.SetKeyPrefix(s) })
	change.SetBool(&d, "importedKeys", o.ImportedKeys, in.ImportedKeys, func(v bool) { u.SetImportedKeys(v) })
	change.SetText(&d, "portalUnregister", o.PortalUnregister, in.PortalUnregister, func(v domain.PortalUnregister) { u.SetPortalUnregister(v) })
	change.SetText(&d, "productionKeys", o.ProductionKeys, in.ProductionKeys, func(v domain.ProductionKeys) { u.SetProductionKeys(v) })
	change.SetText(&d, "leakedKeys", o.LeakedKeys, in.LeakedKeys, func(v domain.LeakedKeys) { u.SetLeakedKeys(v) })
	change.SetText(&d, "catalogueAccess", o.CatalogueAccess, in.CatalogueAccess, func(v domain.CatalogueAccess) { u.SetCatalogueAccess(v) })
	change.SetBool(&d, "passwordSignIn", o.PasswordSignIn, in.PasswordSignIn, func(v bool) { u.SetPasswordSignIn(v) })
	change.SetBool(&d, "staffTotp", o.StaffTotp, in.StaffTotp, func(v bool) { u.SetStaffTotp(v) })
	change.SetBool(&d, "multiProductRequests", o.MultiProductRequests, in.MultiProductRequests, func(v bool) { u.SetMultiProductRequests(v) })
	change.SetBool(&d, "actAs", o.ActAs, in.ActAs, func(v bool) { u.SetActAs(v) })
	change.SetText(&d, "signUp", o.SignUp, in.SignUp, func(v domain.SignUpPolicy) { u.SetSignUp(v) })
	if in.SignUpForm.Set {
		d.Add("signUpForm", o.SignUpForm, in.SignUpForm.Value)
		if u.SetSignUpForm(in.SignUpForm.Value); in.SignUpForm.Value == nil {
			u.ClearSignUpForm()
		}
	}
	patchTerms(&d, u, o, in.Terms)
	if in.RotateKeysEvery.Set {
		every := in.RotateKeysEvery.Or(domain.KeyLife{})
		d.Add("rotateKeysEvery", o.RotateKeysEvery, every)
		u.SetRotateKeysEvery(every)
	}
	if in.LongestKeyLife.Set {
		life := in.LongestKeyLife.Or(domain.KeyLife{})
		d.Add("longestKeyLife", o.LongestKeyLife, life)
		u.SetLongestKeyLife(life)
	}
	patchDays(&d, u, o, in)
	if in.UsageRetention.Set {
		d.Add("usageRetention", o.UsageRetention, in.UsageRetention.Value)
		if u.SetUsageRetention(in.UsageRetention.Value); in.UsageRetention.Value == nil {
			u.ClearUsageRetention()
		}
	}
	return d.Changes
}

// patchDays changes after how many days something happens.
func patchDays(d *change.Diff, u *db.OrganizationUpdateOne, o *db.Organization, in UpdateOrganizationInput) {
	if in.RequestsExpireAfterDays.Set {
		d.Add("requestsExpireAfterDays", o.RequestsExpireAfterDays, in.RequestsExpireAfterDays.Value)
		if u.SetNillableRequestsExpireAfterDays(in.RequestsExpireAfterDays.Value); in.RequestsExpireAfterDays.Value == nil {
			u.ClearRequestsExpireAfterDays()
		}
	}
	if in.CollectKeysWithinDays.Set {
		d.Add("collectKeysWithinDays", o.CollectKeysWithinDays, *in.CollectKeysWithinDays.Value)
		u.SetCollectKeysWithinDays(*in.CollectKeysWithinDays.Value)
	}
	if in.DeletedRetentionDays.Set {
		d.Add("deletedRetentionDays", o.DeletedRetentionDays, *in.DeletedRetentionDays.Value)
		u.SetDeletedRetentionDays(*in.DeletedRetentionDays.Value)
	}
	if in.EventRetentionDays.Set {
		d.Add("eventRetentionDays", o.EventRetentionDays, *in.EventRetentionDays.Value)
		u.SetEventRetentionDays(*in.EventRetentionDays.Value)
	}
}

// CreateOrganization creates an organization. It is only called by commands, as
// Portico itself.
func (svc *Service) CreateOrganization(ctx context.Context, slug, name string) (*db.Organization, error) {
	if err := fault.Collect(input.CheckSlug("slug", slug), input.CheckName("name", name)); err != nil {
		return nil, err
	}
	ctx = viewer.AsSystem(ctx, uuid.Nil)
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.Organization, error) {
		out, err := tx.Organization.Create().SetSlug(slug).SetName(name).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Save(ctx)
		if err != nil {
			return nil, change.Taken(err, "slug", "An organization bears this slug already.")
		}
		tx.Enter(out.ID)
		tx.Record(organizationEvent(eventlog.OrganizationCreated, out, change.Attributes("slug", slug, "name", name)))
		return out, nil
	})
}

// enterOrganization makes a command work inside the organization with this
// slug: events are appended to its log.
func enterOrganization(ctx context.Context, tx *change.Tx, slug string) error {
	id, err := tx.Organization.Query().Where(organization.Slug(input.Sanitize(slug))).OnlyID(ctx)
	if db.IsNotFound(err) {
		return errUnknownOrganization()
	}
	tx.Enter(id)
	return err
}

func errUnknownOrganization() error {
	return fault.Input(fault.UnknownReference, "organization", "There is no organization with this slug.")
}

func organizationEvent(t eventlog.Type, o *db.Organization, changes []domain.Change) eventlog.Entry {
	return eventlog.Entry{Type: t, Subject: nodeid.Organization, SubjectID: o.ID, SubjectName: o.Name, Changes: changes}
}

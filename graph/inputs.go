package graph

import (
	"time"

	"portico/ent/db"
	"portico/graph/model"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/identity"
	"portico/internal/mail"
	"portico/internal/requests"
)

func updateApp(in model.UpdateAppInput) apps.UpdateAppInput {
	return apps.UpdateAppInput{
		AppID: in.AppID, Version: version(in.Version),
		Name: patch(in.Name), Description: patch(in.Description), Labels: patchValues(in.Labels),
	}
}

func updateKey(in model.UpdateKeyInput) apps.UpdateKeyInput {
	return apps.UpdateKeyInput{
		CredentialID: in.CredentialID, Version: version(in.Version),
		Name: patch(in.Name), Labels: patchValues(in.Labels), ExpiresAt: patch(in.ExpiresAt), Access: patch(in.Access), AccessControlList: patchList(in.AccessControlList),
		AllowedAddresses: patchList(in.AllowedAddresses), RateLimit: patch(in.RateLimit),
	}
}

func updateKeyRequest(in model.UpdateKeyRequestInput) requests.UpdateInput {
	return requests.UpdateInput{
		KeyRequestID: in.KeyRequestID, Version: version(in.Version),
		Name: patch(in.Name), Environment: patch(in.Environment), Plans: patchValues(in.Plans), RemoveProductIDs: patchList(in.RemoveProductIds),
	}
}

func updateAccount(in model.UpdateAccountInput) identity.UpdateAccountInput {
	return identity.UpdateAccountInput{AccountID: in.AccountID, Version: version(in.Version), Name: patch(in.Name), Profile: patch(in.Profile)}
}

func updateUser(in model.UpdateUserInput) identity.UpdateUserInput {
	return identity.UpdateUserInput{UserID: in.UserID, Name: patch(in.Name), Language: patch(in.Language), TimeZone: patch(in.TimeZone), Theme: patch(in.Theme)}
}

func updateProduct(in model.UpdateProductInput) catalog.UpdateProductInput {
	return catalog.UpdateProductInput{
		ProductID: in.ProductID, Version: version(in.Version),
		Title: patch(in.Title), Summary: patch(in.Summary), LogoURL: patch(in.LogoURL), Terms: patch(in.Terms), Description: patch(in.Description), APIVersion: patch(in.APIVersion), ExternalID: patch(in.ExternalID),
		Status: patch(in.Status), Visibility: patch(in.Visibility), Approval: patch(in.Approval),
		AuthTypes: patchList(in.AuthTypes), DocumentationURL: patch(in.DocumentationURL), HandOffURL: patch(in.HandOffURL),
		Keyless: patch(in.Keyless), EnforceEndpoints: patch(in.EnforceEndpoints), RequestForm: patchValues(in.RequestForm), Tags: patchList(in.Tags),
	}
}

func updateEndpoint(in model.UpdateEndpointInput) catalog.UpdateEndpointInput {
	return catalog.UpdateEndpointInput{
		EndpointID: in.EndpointID, Version: version(in.Version),
		Method: patch(in.Method), Path: patch(in.Path), Description: patch(in.Description),
	}
}

func updateGuide(in model.UpdateGuideInput) catalog.UpdateGuideInput {
	return catalog.UpdateGuideInput{
		GuideID: in.GuideID, Version: version(in.Version),
		Slug: patch(in.Slug), Title: patch(in.Title), Text: patch(in.Text), Position: patch(in.Position),
	}
}

func updateSubscriptionEndpoints(in model.UpdateSubscriptionEndpointsInput) apps.UpdateSubscriptionEndpointsInput {
	return apps.UpdateSubscriptionEndpointsInput{SubscriptionID: in.SubscriptionID, Version: version(in.Version), EndpointIDs: patchList(in.EndpointIds)}
}

func updatePlan(in model.UpdatePlanInput) catalog.UpdatePlanInput {
	return catalog.UpdatePlanInput{
		PlanID: in.PlanID, Version: version(in.Version), Name: patch(in.Name), ExternalID: patch(in.ExternalID),
		RateLimit: patch(in.RateLimit), Quota: patch(in.Quota), QuotaPer: patch(in.QuotaPer), Price: patch(in.Price), Approval: patch(in.Approval),
		EndpointLimits: patchValues(in.EndpointLimits), Overage: patch(in.Overage), SpendingCap: patch(in.SpendingCap),
	}
}

func updateOrganization(in model.UpdateOrganizationInput) identity.UpdateOrganizationInput {
	return identity.UpdateOrganizationInput{
		Version: version(in.Version), Name: patch(in.Name), Website: patch(in.Website), SupportEmail: patch(in.SupportEmail),
		LogoURL: patch(in.LogoURL), TimeZone: patch(in.TimeZone), Currency: patch(in.Currency),
		PortalUnregister: patch(in.PortalUnregister), ProductionKeys: patch(in.ProductionKeys), LeakedKeys: patch(in.LeakedKeys), CatalogueAccess: patch(in.CatalogueAccess), PasswordSignIn: patch(in.PasswordSignIn), StaffTotp: patch(in.StaffTotp), ActAs: patch(in.ActAs),
		SignUp: patch(in.SignUp), SignUpForm: patch(in.SignUpForm), Terms: patch(in.Terms), KeyPrefix: patch(in.KeyPrefix), ImportedKeys: patch(in.ImportedKeys),
		LongestKeyLife: patch(in.LongestKeyLife), RotateKeysEvery: patch(in.RotateKeysEvery),
		RequestsExpireAfterDays: patch(in.RequestsExpireAfterDays), MultiProductRequests: patch(in.MultiProductRequests), CollectKeysWithinDays: patch(in.CollectKeysWithinDays),
		DeletedRetentionDays: patch(in.DeletedRetentionDays), EventRetentionDays: patch(in.EventRetentionDays),
		UsageRetention: patch(in.UsageRetention),
	}
}

func updateMailSettings(in model.UpdateMailSettingsInput) mail.UpdateSettingsInput {
	out := mail.UpdateSettingsInput{
		Version: version(in.Version), SenderName: patch(in.SenderName), ReplyTo: patch(in.ReplyTo), SignOff: patch(in.SignOff), Language: patch(in.Language),
	}
	given, set := in.Kinds.ValueOK()
	if !set {
		return out
	}
	if out.Kinds.Set = true; given != nil {
		kinds := make([]mail.UpdateKindInput, len(given))
		for i, k := range given {
			kinds[i] = mail.UpdateKindInput{Kind: k.Kind, Enabled: patch(k.Enabled), Subject: patch(k.Subject)}
		}
		out.Kinds.Value = &kinds
	}
	return out
}

// appSubscriptions returns the filter of an app's subscriptions.
func appSubscriptions(in *model.AppSubscriptionFilter) apps.SubscriptionFilter {
	if in == nil {
		return apps.SubscriptionFilter{}
	}
	return apps.SubscriptionFilter{Status: in.Status.Value(), History: in.History}
}

// givenBurst distinguishes a burst that is too small from one that is absent,
// which the services expect as 0.
func givenBurst(n *int64) int {
	switch {
	case n == nil:
		return 0
	case *n == 0:
		return -1
	}
	return int(*n)
}

// usageRetention returns for how long an organization's counts are kept, or the
// default if it has not said.
func usageRetention(o *db.Organization) *domain.UsageRetention {
	if o.UsageRetention != nil {
		kept := o.UsageRetention.AtLeast(domain.LeastUsageRetention())
		return &kept
	}
	usual := domain.DefaultUsageRetention()
	return &usual
}

// text returns nil for the empty string.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// listed returns an empty list for none: a list is never null.
func listed(all []string) []string {
	if all == nil {
		return []string{}
	}
	return all
}

// moment returns nil for the zero time.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

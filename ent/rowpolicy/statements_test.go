package rowpolicy_test

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/accessentry"
	"portico/ent/db/account"
	"portico/ent/db/app"
	"portico/ent/db/apptransfer"
	"portico/ent/db/credential"
	"portico/ent/db/endpoint"
	"portico/ent/db/event"
	"portico/ent/db/guide"
	"portico/ent/db/invitation"
	"portico/ent/db/keyrequest"
	"portico/ent/db/membership"
	"portico/ent/db/organization"
	"portico/ent/db/plan"
	"portico/ent/db/planrevision"
	"portico/ent/db/product"
	"portico/ent/db/productapprover"
	"portico/ent/db/productdocument"
	"portico/ent/db/productgrant"
	"portico/ent/db/servicetoken"
	"portico/ent/db/session"
	"portico/ent/db/signup"
	"portico/ent/db/statement"
	"portico/ent/db/statementline"
	"portico/ent/db/subscription"
	"portico/ent/db/user"
	"portico/internal/address"
	"portico/internal/domain"
	"portico/internal/viewer"
)

// table is the statements that are tried on a table: they read, change and delete the
// row with an id, and create one. The first two return how many rows they reached.
type table struct {
	name         string
	read, change func(context.Context, *db.Client, uuid.UUID) (int, error)
	create       func(context.Context, *db.Client, owner, uuid.UUID) error
}

// tables returns every table for which there is a client, in an order in which their
// rows can be created.
func tables() []table {
	return append(append(people(), catalogue()...), owned()...)
}

func people() []table {
	return []table{
		{"organizations", func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.Organization.Query().Where(organization.ID(id)).Count(ctx)
		}, func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.Organization.Update().Where(organization.ID(id)).SetName("new").Save(ctx)
		}, func(ctx context.Context, c *db.Client, _ owner, id uuid.UUID) error {
			return c.Organization.Create().SetID(id).SetSlug(id.String()).SetName("name").Exec(ctx)
		}},
		{"accounts", func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.Account.Query().Where(account.ID(id)).Count(ctx)
		}, func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.Account.Update().Where(account.ID(id)).SetName("new").Save(ctx)
		}, func(ctx context.Context, c *db.Client, o owner, id uuid.UUID) error {
			return c.Account.Create().SetID(id).SetOrganizationID(o.organization).SetName(id.String()).SetNameFolded(id.String()).SetNillableDeletedAt(o.deletedAt).Exec(ctx)
		}},
		{"users", func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.User.Query().Where(user.ID(id)).Count(ctx)
		}, func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.User.Update().Where(user.ID(id)).SetName("new").Save(ctx)
		}, func(ctx context.Context, c *db.Client, o owner, id uuid.UUID) error {
			email := id.String() + "@example.com"
			return c.User.Create().SetID(id).SetOrganizationID(o.organization).SetName("name").SetNameFolded("name").SetEmail(email).
				SetEmailFolded(address.ParseEmail(email)).SetRole(o.role).SetPasswordHash("").SetNillableDeletedAt(o.deletedAt).Exec(ctx)
		}},
		{"memberships", func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.Membership.Query().Where(membership.ID(id)).Count(ctx)
		}, func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.Membership.Update().Where(membership.ID(id)).SetRole(domain.Owner).Save(ctx)
		}, func(ctx context.Context, c *db.Client, o owner, id uuid.UUID) error {
			return c.Membership.Create().SetID(id).SetOrganizationID(o.organization).SetAccountID(o.account).SetUserID(o.user).Exec(ctx)
		}},
		{"invitations", func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.Invitation.Query().Where(invitation.ID(id)).Count(ctx)
		}, func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.Invitation.Update().Where(invitation.ID(id)).SetRevokedAt(at()).Save(ctx)
		}, func(ctx context.Context, c *db.Client, o owner, id uuid.UUID) error {
			email := id.String() + "@example.com"
			return c.Invitation.Create().SetID(id).SetOrganizationID(o.organization).SetAccountID(o.account).SetEmail(email).SetEmailFolded(address.ParseEmail(email)).
				SetRole(domain.Member).SetCreatedAt(at()).SetExpiresAt(at().AddDate(0, 0, 7)).Exec(ctx)
		}},
		{"sessions", func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.Session.Query().Where(session.ID(id)).Count(ctx)
		}, func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.Session.Update().Where(session.ID(id)).SetAddress("new").Save(ctx)
		}, func(ctx context.Context, c *db.Client, o owner, id uuid.UUID) error {
			return c.Session.Create().SetID(id).SetOrganizationID(o.organization).SetUserID(o.user).SetDevice("").SetAddress("").
				SetLastSeenAt(at()).SetExpiresAt(at()).Exec(ctx)
		}},
	}
}

func catalogue() []table {
	return []table{
		{"products", func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.Product.Query().Where(product.ID(id)).Count(ctx)
		}, func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.Product.Update().Where(product.ID(id)).SetTitle("new").Save(ctx)
		}, func(ctx context.Context, c *db.Client, o owner, id uuid.UUID) error {
			return c.Product.Create().SetID(id).SetOrganizationID(o.organization).SetName(id.String()).SetTitle("title").SetTitleFolded("title").
				SetStatus(o.shown).SetVisibility(o.visibility).Exec(ctx)
		}},
		{"product_approvers", func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.ProductApprover.Query().Where(productapprover.ID(id)).Count(ctx)
		}, func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.ProductApprover.Delete().Where(productapprover.ID(id)).Exec(ctx)
		}, func(ctx context.Context, c *db.Client, o owner, id uuid.UUID) error {
			return c.ProductApprover.Create().SetID(id).SetOrganizationID(o.organization).SetProductID(o.id("products")).SetUserID(o.user).Exec(ctx)
		}},
		{"product_grants", func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.ProductGrant.Query().Where(productgrant.ID(id)).Count(ctx)
		}, func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.ProductGrant.Delete().Where(productgrant.ID(id)).Exec(ctx)
		}, func(ctx context.Context, c *db.Client, o owner, id uuid.UUID) error {
			return c.ProductGrant.Create().SetID(id).SetOrganizationID(o.organization).SetProductID(o.id("products")).SetAccountID(o.account).Exec(ctx)
		}},
		{"plans", func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.Plan.Query().Where(plan.ID(id)).Count(ctx)
		}, func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.Plan.Update().Where(plan.ID(id)).SetName("new").Save(ctx)
		}, func(ctx context.Context, c *db.Client, o owner, id uuid.UUID) error {
			return c.Plan.Create().SetID(id).SetOrganizationID(o.organization).SetProductID(o.id("products")).SetName(id.String()).SetKind(domain.PlanFree).Exec(ctx)
		}},
		{"guides", func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.Guide.Query().Where(guide.ID(id)).Count(ctx)
		}, func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.Guide.Update().Where(guide.ID(id)).SetTitle("new").Save(ctx)
		}, func(ctx context.Context, c *db.Client, o owner, id uuid.UUID) error {
			return c.Guide.Create().SetID(id).SetOrganizationID(o.organization).SetProductID(o.id("products")).
				SetSlug(id.String()).SetTitle("Guide").SetText("Text").SetPosition(1).Exec(ctx)
		}},
		{"product_documents", func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.ProductDocument.Query().Where(productdocument.ID(id)).Count(ctx)
		}, func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.ProductDocument.Delete().Where(productdocument.ID(id)).Exec(ctx)
		}, func(ctx context.Context, c *db.Client, o owner, id uuid.UUID) error {
			return c.ProductDocument.Create().SetID(id).SetOrganizationID(o.organization).SetProductID(o.id("products")).SetNumber(int(id.ID()) + 1).
				SetTitle("Orders").SetAPIVersion("1").SetFormat(domain.DocumentJSON).SetText("{}").SetSize(2).SetSha256("").SetServer("").
				SetOperations(domain.DocumentOperations{}).Exec(ctx)
		}},
		{"plan_revisions", func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.PlanRevision.Query().Where(planrevision.ID(id)).Count(ctx)
		}, func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.PlanRevision.Update().Where(planrevision.ID(id)).SetQuotaPer(access.QuotaPerAccount).Save(ctx)
		}, func(ctx context.Context, c *db.Client, o owner, id uuid.UUID) error {
			return c.PlanRevision.Create().SetID(id).SetOrganizationID(o.organization).SetProductID(o.id("products")).SetPlanID(o.id("plans")).
				SetNumber(int(id.ID())).SetKind(domain.PlanFree).Exec(ctx)
		}},
		{"endpoints", func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.Endpoint.Query().Where(endpoint.ID(id)).Count(ctx)
		}, func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.Endpoint.Update().Where(endpoint.ID(id)).SetDescription("new").Save(ctx)
		}, func(ctx context.Context, c *db.Client, o owner, id uuid.UUID) error {
			return c.Endpoint.Create().SetID(id).SetOrganizationID(o.organization).SetProductID(o.id("products")).
				SetMethod(access.MethodGet).SetPath("/" + id.String()).Exec(ctx)
		}},
	}
}

func owned() []table {
	return []table{
		{"apps", func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.App.Query().Where(app.ID(id)).Count(ctx)
		}, func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.App.Update().Where(app.ID(id)).SetName("new").Save(ctx)
		}, func(ctx context.Context, c *db.Client, o owner, id uuid.UUID) error {
			return c.App.Create().SetID(id).SetOrganizationID(o.organization).SetAccountID(o.account).SetName(id.String()).SetNameFolded(id.String()).
				SetNillableDeletedAt(o.deletedAt).Exec(ctx)
		}},
		{"credentials", func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.Credential.Query().Where(credential.ID(id)).Count(ctx)
		}, func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.Credential.Update().Where(credential.ID(id)).SetName("new").Save(ctx)
		}, func(ctx context.Context, c *db.Client, o owner, id uuid.UUID) error {
			return c.Credential.Create().SetID(id).SetOrganizationID(o.organization).SetAccountID(o.account).SetUsername(id).SetSecretHash([]byte("hash")).
				SetNillableDeletedAt(o.deletedAt).Exec(ctx)
		}},
		{"access_entries", func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.AccessEntry.Query().Where(accessentry.ID(id)).Count(ctx)
		}, func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.AccessEntry.Delete().Where(accessentry.ID(id)).Exec(ctx)
		}, func(ctx context.Context, c *db.Client, o owner, id uuid.UUID) error {
			return c.AccessEntry.Create().SetID(id).SetOrganizationID(o.organization).SetAccountID(o.account).
				SetCredentialID(o.id("credentials")).SetProductID(o.id("products")).Exec(ctx)
		}},
		{"app_transfers", func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.AppTransfer.Query().Where(apptransfer.ID(id)).Count(ctx)
		}, func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.AppTransfer.Update().Where(apptransfer.ID(id)).SetVersion(2).Save(ctx)
		}, func(ctx context.Context, c *db.Client, o owner, id uuid.UUID) error {
			to := uuid.New() // an account that nobody else here belongs to
			err := c.Account.Create().SetID(to).SetOrganizationID(o.organization).SetName("to").SetNameFolded("to").Exec(viewer.AsSystem(ctx, uuid.Nil))
			if err != nil {
				return err
			}
			return c.AppTransfer.Create().SetID(id).SetOrganizationID(o.organization).SetAppID(o.id("apps")).SetFromAccountID(o.account).SetToAccountID(to).
				SetAppName("app").SetFromAccountName("from").SetToAccountName("to").SetProductTitles([]string{}).SetKeyCount(0).
				SetCreatedAt(at()).SetExpiresAt(at().AddDate(0, 0, 7)).Exec(ctx)
		}},
		{"key_requests", func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.KeyRequest.Query().Where(keyrequest.ID(id)).Count(ctx)
		}, func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.KeyRequest.Update().Where(keyrequest.ID(id)).SetReason("new").Save(ctx)
		}, func(ctx context.Context, c *db.Client, o owner, id uuid.UUID) error {
			return c.KeyRequest.Create().SetID(id).SetOrganizationID(o.organization).SetAccountID(o.account).SetAppID(o.id("apps")).
				SetStatus(domain.KeyRequestPending).SetProductIds([]uuid.UUID{o.id("products")}).SetCreatedAt(at()).Exec(ctx)
		}},
		{"subscriptions", func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.Subscription.Query().Where(subscription.ID(id)).Count(ctx)
		}, func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.Subscription.Update().Where(subscription.ID(id)).SetReason("new").Save(ctx)
		}, func(ctx context.Context, c *db.Client, o owner, id uuid.UUID) error {
			create := c.Subscription.Create()
			if of, has := o.rows["key_requests"]; has {
				create.SetKeyRequestID(of)
			}
			return create.SetID(id).SetOrganizationID(o.organization).SetAccountID(o.account).SetAppID(o.id("apps")).
				SetProductID(o.id("products")).SetPlanID(o.id("plans")).SetStatus(o.status).SetNillableDeletedAt(o.deletedAt).Exec(ctx)
		}},
		{"events", func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.Event.Query().Where(event.ID(id)).Count(ctx)
		}, func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.Event.Update().Where(event.ID(id)).Save(ctx)
		}, func(ctx context.Context, c *db.Client, o owner, id uuid.UUID) error {
			return c.Event.Create().SetID(id).SetOrganizationID(o.organization).SetPosition(int64(id.ID()) + 1).SetType("APP_UPDATED").SetAt(at()).
				SetActorRole("PORTAL").SetActorName("name").SetSubjectType("ProductSubscription").SetSubjectID(o.id("subscriptions")).SetAccountID(o.account).Exec(ctx)
		}},
		{"statements", func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.Statement.Query().Where(statement.ID(id)).Count(ctx)
		}, func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.Statement.Update().Where(statement.ID(id)).Save(ctx)
		}, func(ctx context.Context, c *db.Client, o owner, id uuid.UUID) error {
			return c.Statement.Create().SetID(id).SetOrganizationID(o.organization).SetAccountID(o.account).SetAccountName("name").SetCreatedAt(at()).SetNumber(int(id.ID()) + 1).
				SetPeriodStart(at().Add(time.Duration(id.ID()))).SetPeriodEnd(at().AddDate(0, 1, 0)).SetCurrency("EUR").SetAmount("1.00").SetLineCount(1).Exec(ctx)
		}},
		{"statement_lines", func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.StatementLine.Query().Where(statementline.ID(id)).Count(ctx)
		}, func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.StatementLine.Update().Where(statementline.ID(id)).SetCalls(1).Save(ctx)
		}, func(ctx context.Context, c *db.Client, o owner, id uuid.UUID) error {
			return c.StatementLine.Create().SetID(id).SetOrganizationID(o.organization).SetAccountID(o.account).SetCreatedAt(at()).SetSubscriptionID(id).
				SetAppID(id).SetAppName("app").SetProductID(id).SetProductName("product").SetPlanID(id).SetPlanName("plan").SetKind(domain.PlanSubscription).
				SetPrice(&domain.Price{Amount: "1.00", Currency: "EUR"}).SetCurrency("EUR").SetPeriodStart(at()).SetPeriodEnd(at().AddDate(0, 1, 0)).SetStartedAt(at()).
				SetCountedUntil(at()).SetCountDueAt(at()).Exec(ctx)
		}},
		{"service_tokens", func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.ServiceToken.Query().Where(servicetoken.ID(id)).Count(ctx)
		}, func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.ServiceToken.Update().Where(servicetoken.ID(id)).SetHint("new").Save(ctx)
		}, func(ctx context.Context, c *db.Client, o owner, id uuid.UUID) error {
			return c.ServiceToken.Create().SetID(id).SetOrganizationID(o.organization).SetName(id.String()).SetScopes([]string{"gateway"}).
				SetTokenHash(id[:]).SetHint("last").Exec(ctx)
		}},
		{"sign_ups", func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.SignUp.Query().Where(signup.ID(id)).Count(ctx)
		}, func(ctx context.Context, c *db.Client, id uuid.UUID) (int, error) {
			return c.SignUp.Update().Where(signup.ID(id)).SetReason("new").Save(ctx)
		}, func(ctx context.Context, c *db.Client, o owner, id uuid.UUID) error {
			email := id.String() + "@example.com"
			return c.SignUp.Create().SetID(id).SetOrganizationID(o.organization).SetEmail(email).SetEmailFolded(address.ParseEmail(email)).SetName("name").SetAccountName("name").
				SetAnswers(domain.Answers{}).SetCreatedAt(at()).SetExpiresAt(at().AddDate(0, 0, 1)).SetEndedAt(at().AddDate(0, 0, 1)).Exec(ctx)
		}},
	}
}

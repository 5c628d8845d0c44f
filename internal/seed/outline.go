package seed

import (
	"embed"
	"fmt"
	"reflect"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"portico/clients/go/gate/access"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/lifecycle"
)

//go:embed demo.json second.json
var files embed.FS

// demo is the organization to look at first, and the other one shows that nothing
// of one is ever visible in the other. The first products of each, by age and by
// title, need one approval and nothing else.
func demo() organization { return read("demo.json") }

func organizations() []organization { return []organization{demo(), read("second.json")} }

// read reads one of the files above. It panics if a member is unknown or repeated,
// or an enumeration has no such value, which would fail each test of the package.
func read(file string) (out organization) {
	text, err := files.ReadFile(file)
	if err == nil {
		err = decode(text, &out)
	}
	if err != nil {
		panic("seed: " + file + ": " + err.Error())
	}
	return out
}

func decode(text []byte, out *organization) error {
	return json.Unmarshal(text, out, json.MatchCaseInsensitiveNames(true), json.RejectUnknownMembers(true),
		json.WithUnmarshalers(json.UnmarshalFromFunc(decodeConstant)))
}

// decodeConstant decodes a value of an enumeration, and returns an error for any
// other text.
func decodeConstant(d *jsontext.Decoder, out interface{ Values() []string }) error {
	var text string
	if err := json.UnmarshalDecode(d, &text); err != nil {
		return err
	}
	if !slices.Contains(out.Values(), text) {
		return fmt.Errorf("%q is not one of %v", text, out.Values())
	}
	reflect.ValueOf(out).Elem().SetString(text)
	return nil
}

// The types below are what the files contain: the inputs of the services, and
// what happens to the objects later. Products, plans and endpoints are identified
// by their names.

type organization struct {
	Slug, Name            string
	Website, SupportEmail string
	TimeZone, Currency    string
	Staff                 person
	Approvers             []approver
	// Letters is how it writes its letters; nil: as Portico does.
	Letters  *letters
	Products []product
	Accounts []account
	// SignUp is who may become a user, and Form what those are asked who sign up.
	SignUp domain.SignUpPolicy
	Form   []domain.Question
	// SignUps are people who have signed up and wait for a decision.
	SignUps []signUp
	// SignIns are recent ones, whose sessions last.
	SignIns []signIn
	// RotateKeysEvery is after how many days keys are due for rotation.
	RotateKeysEvery domain.KeyLife
	// RequestsExpireAfterDays is after how many days requests expire; 0: never.
	RequestsExpireAfterDays int
	// CollectKeysWithinDays is within how many days keys must be collected; 0: as usual.
	CollectKeysWithinDays int
	// CatalogueAccess is who reads its catalogue; empty: who has signed in.
	CatalogueAccess domain.CatalogueAccess
}

// signUp is a person who has signed up, with the answers to the organization's questions.
type signUp struct {
	person
	AccountName string
	Answers     []domain.AnswerInput
}

// signIn is a sign-in of a person, from a network address with a program.
type signIn struct{ Email, Address, UserAgent string }

type letters struct{ SenderName, SignOff string }

type person struct{ Name, Email string }

// approver is a person who decides about some products.
type approver struct {
	person
	Products []string
}

// member is a person who joined an account, what the person is there, where nil means
// MEMBER, and what the person prefers.
type member struct {
	person
	Role     *domain.MembershipRole
	Language *domain.Language
	TimeZone *string
	Theme    *domain.Theme
}

type account struct {
	identity.CreateAccountInput
	// Developer owns the account; nil means that nobody signs in for it.
	Developer *person
	// Members joined it later; one who has joined another account before has no name
	// here.
	Members []member
	// Invited are the addresses of people who have not joined yet.
	Invited []string
	// Offered are its apps that are offered to other accounts, which have not answered.
	Offered []handover
	// Credentials are those of the whole account.
	Credentials []credential
	Apps        []app
	// Recent are apps that its developer has made lately.
	Recent []app
	// Suspended is why the account was finally suspended; empty if it was not.
	Suspended string
}

// handover is an app that is offered to another account.
type handover struct{ App, To, Reason string }

type product struct {
	catalog.CreateProductInput
	Endpoints []catalog.CreateEndpointInput
	// Guides are in their order.
	Guides []catalog.CreateGuideInput
	// Document is its OpenAPI document, whose operations are the endpoints; empty for none.
	Document string
	Plans    []catalog.CreatePlanInput
	// Revised are plans that got other terms, after subscriptions had been asked for.
	Revised []revisedPlan
	// Finally is the status that it has at last; empty means PUBLISHED, DRAFT that
	// it was never published.
	Finally domain.ProductStatus
	// RetiresInDays is in how many days from now it will be retired; 0: no time is set.
	RetiresInDays int
	// GrantedTo are the accounts that see it although it is private.
	GrantedTo []string
}

// listed reports whether the product is in every developer's catalogue.
func (p product) listed() bool {
	return p.Finally != domain.Draft && p.Finally != domain.Retired && input.OrZero(p.Visibility) != domain.Private
}

type app struct {
	apps.CreateAppInput
	Credentials   []credential
	Subscriptions []subscription
	// Requests are those for subscriptions and a key at once.
	Requests []keyRequest
	// Calls is the approximate number of calls on a busy day.
	Calls int
	// Imported are keys that another portal made.
	Imported []importedKey
	// Deleted is why it was finally deleted; empty if it was not.
	Deleted string
}

// importedKey is a key that another portal made, so many days ago. Nobody has it, as
// nobody has the secrets of the others.
type importedKey struct {
	Name        string
	Environment access.Environment
	DaysAgo     int
}

type credential struct {
	Name        *string
	Environment *access.Environment
	// Only are the products that the credential reaches; nil means all.
	Only []string
	// Days is its lifetime; 0 means unlimited. Expired means that it expired soon
	// after it was created.
	Days    int
	Expired bool
	// Rotated means that another credential takes its place.
	Rotated bool
	// Actions are what happened to it, in this order: UPDATE set its addresses and
	// its rate limit; Reason and Note are why it was revoked. An administrator disabled
	// it unless Paused says that its owner did.
	Actions          []lifecycle.CredentialAction
	Paused           bool
	Labels           []domain.Label
	AllowedAddresses []string
	RateLimit        *access.RateLimit
	Reason           *domain.RevocationReason
	Note             *string
}

// keyRequest is a request for a key that reaches some products, in the order in which they
// are asked for.
type keyRequest struct {
	Name        *string
	Environment *access.Environment
	Plans       []wishedPlan
	// Actions are what happened to it, in this order, and Reason is why it was refused.
	Actions []lifecycle.KeyRequestAction
	Reason  *string
}

// revisedPlan is the quota and the price that a plan got later.
type revisedPlan struct {
	Plan  string
	Quota *access.Quota
	Price *domain.Price
}

type wishedPlan struct {
	Product, Plan string
	Answers       []domain.AnswerInput
}

type subscription struct {
	Product, Plan string
	// Endpoints are those it is narrowed to, such as "GET /orders/{id}"; nil means
	// all of the product.
	Endpoints []string
	// Answers are those to the product's form.
	Answers []domain.AnswerInput
	// Actions are what happened to it, in this order, and Reason is why it was
	// refused, suspended or ended, or is to get another plan.
	Actions []lifecycle.SubscriptionAction
	Reason  *string
	// To is the plan that its owner has asked for, and When the time.
	To   string
	When domain.PlanChangeTime
}

// Package catalogfile is the catalogue of an organization as a file: its products with their
// plans and endpoints, and the organization's policies, in YAML. Read checks a file by its
// form, Export makes one of what there is, and Apply changes what there is to what a file
// says, in one transaction. What may be, and who is told, is for the services to say: Apply
// calls them as somebody would who types the file into the portal.
package catalogfile

import (
	"portico/clients/go/gate/access"
	"portico/internal/domain"
)

// FormatVersion is the version of the format, which every file names.
const FormatVersion = 1

// File is a catalogue.
type File struct {
	Version int `yaml:"version"`
	// Organization is the slug of the organization that the file is for.
	Organization string `yaml:"organization"`
	// Policies are those to set; others stay as they are.
	Policies *Policies `yaml:"policies,omitempty"`
	// Products are made, or become what the file says; others stay as they are.
	Products []Product `yaml:"products"`
}

// Policies are an organization's; nil ones stay as they are.
type Policies struct {
	TimeZone              *string                  `yaml:"timeZone,omitempty"`
	Currency              *string                  `yaml:"currency,omitempty"`
	PortalUnregister      *domain.PortalUnregister `yaml:"portalUnregister,omitempty"`
	ProductionKeys        *domain.ProductionKeys   `yaml:"productionKeys,omitempty"`
	CatalogueAccess       *domain.CatalogueAccess  `yaml:"catalogueAccess,omitempty"`
	LeakedKeys            *domain.LeakedKeys       `yaml:"leakedKeys,omitempty"`
	MultiProductRequests  *bool                    `yaml:"multiProductRequests,omitempty"`
	CollectKeysWithinDays *int                     `yaml:"collectKeysWithinDays,omitempty"`
	// RequestsExpireAfterDays is 0 for never.
	RequestsExpireAfterDays *int            `yaml:"requestsExpireAfterDays,omitempty"`
	LongestKeyLife          *domain.KeyLife `yaml:"longestKeyLife,omitempty"`
	RotateKeysEvery         *domain.KeyLife `yaml:"rotateKeysEvery,omitempty"`
}

// Product is a product. What a file leaves out is as createProduct leaves it, but for its
// endpoints.
type Product struct {
	// Name identifies it.
	Name        string               `yaml:"name"`
	Title       string               `yaml:"title,omitempty"`
	Summary     string               `yaml:"summary,omitempty"`
	Description string               `yaml:"description,omitempty"`
	APIVersion  string               `yaml:"apiVersion,omitempty"`
	ExternalID  string               `yaml:"externalId,omitempty"`
	Status      domain.ProductStatus `yaml:"status"`
	// Visibility is PUBLIC if it is left out. Which accounts a product is granted to is no part.
	Visibility       domain.ProductVisibility `yaml:"visibility,omitempty"`
	Approval         domain.Approval          `yaml:"approval,omitempty"`
	AuthTypes        []string                 `yaml:"authTypes,omitempty"`
	DocumentationURL string                   `yaml:"documentationUrl,omitempty"`
	LogoURL          string                   `yaml:"logoUrl,omitempty"`
	Terms            *Terms                   `yaml:"terms,omitempty"`
	HandOffURL       string                   `yaml:"handOffUrl,omitempty"`
	Keyless          bool                     `yaml:"keyless,omitempty"`
	EnforceEndpoints bool                     `yaml:"enforceEndpoints,omitempty"`
	Tags             []string                 `yaml:"tags,omitempty"`
	RequestForm      []Question               `yaml:"requestForm,omitempty"`
	// Plans are made, or become what the file says; others stay, since plans are not deleted.
	Plans []Plan `yaml:"plans,omitempty"`
	// Endpoints are all that it has; nil leaves them as they are, so an export always has them.
	Endpoints []Endpoint `yaml:"endpoints"`
}

// Terms are what is accepted before an app is registered with a product.
type Terms struct {
	Version string `yaml:"version"`
	URL     string `yaml:"url"`
}

// Question is one of a product's form.
type Question struct {
	Name      string              `yaml:"name"`
	Label     string              `yaml:"label"`
	Kind      domain.QuestionKind `yaml:"kind"`
	Required  bool                `yaml:"required,omitempty"`
	Options   []string            `yaml:"options,omitempty"`
	MaxLength *int                `yaml:"maxLength,omitempty"`
}

// Plan is a plan of a product. What a file leaves out is as createPlan leaves it.
type Plan struct {
	// Name identifies it, inside its product.
	Name       string           `yaml:"name"`
	Kind       domain.PlanKind  `yaml:"kind,omitempty"`
	ExternalID string           `yaml:"externalId,omitempty"`
	Approval   *domain.Approval `yaml:"approval,omitempty"`
	RateLimit  *RateLimit       `yaml:"rateLimit,omitempty"`
	Quota      *Quota           `yaml:"quota,omitempty"`
	QuotaPer   string           `yaml:"quotaPer,omitempty"`
	Price      *Price           `yaml:"price,omitempty"`
	// Overage is REFUSE if it is left out.
	Overage string `yaml:"overage,omitempty"`
	// SpendingCap is a text, so that no number loses a digit.
	SpendingCap    string          `yaml:"spendingCap,omitempty"`
	EndpointLimits []EndpointLimit `yaml:"endpointLimits,omitempty"`
}

// EndpointLimit is what a plan allows of one endpoint of its product, which is named by its
// method and path.
type EndpointLimit struct {
	Method    access.Method `yaml:"method"`
	Path      string        `yaml:"path"`
	RateLimit *RateLimit    `yaml:"rateLimit,omitempty"`
	Quota     *Quota        `yaml:"quota,omitempty"`
}

// RateLimit is a plan's limit of calls in a short time.
type RateLimit struct {
	Limit int    `yaml:"limit"`
	Per   string `yaml:"per"` // an access.RatePeriod
	Burst int    `yaml:"burst,omitempty"`
}

// Quota is a plan's limit of calls in a calendar period.
type Quota struct {
	Limit int    `yaml:"limit"`
	Per   string `yaml:"per"` // an access.QuotaPeriod
}

// Price is what a plan costs. Amounts are texts, so that no number loses a digit.
type Price struct {
	Amount        string      `yaml:"amount,omitempty"`
	Currency      string      `yaml:"currency,omitempty"`
	Unit          int         `yaml:"unit,omitempty"`
	IncludedCalls int         `yaml:"includedCalls,omitempty"`
	Tiers         []PriceTier `yaml:"tiers,omitempty"`
}

// PriceTier is the price of a range of a month's calls.
type PriceTier struct {
	UpTo   *int   `yaml:"upTo,omitempty"`
	Amount string `yaml:"amount"`
}

// Endpoint is an operation of a product. Its method and path identify it.
type Endpoint struct {
	Method      access.Method `yaml:"method"`
	Path        string        `yaml:"path"`
	Description string        `yaml:"description,omitempty"`
}

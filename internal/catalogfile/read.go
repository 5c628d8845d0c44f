package catalogfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"

	"portico/clients/go/gate/access"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/yamltokens"
)

// The limits of a file.
const (
	// MaxSize is how large it may be, in bytes.
	MaxSize = 4 << 20
	// MaxProducts is how many products it may have.
	MaxProducts = 1000
	// maxColumn is how deep its blocks, and maxFlow how deep its brackets may be nested, and
	// maxKeys how many keys a block may have.
	maxColumn, maxFlow, maxKeys = 100, 10, 1000
)

// Read reads a file and checks its form: it is YAML of one document with no field that there
// is not, no field twice, no anchors, aliases or tags, and no value that an enum does not
// have. What the values may be otherwise is checked when it is applied.
func Read(from io.Reader) (*File, error) {
	text, err := io.ReadAll(io.LimitReader(from, MaxSize+1))
	if err != nil {
		return nil, err
	}
	if len(text) > MaxSize {
		return nil, fmt.Errorf("the file has more than %d MiB", MaxSize>>20)
	}
	if !utf8.Valid(text) {
		return nil, errors.New("the file is not UTF-8")
	}
	if err := yamltokens.Check(string(text), yamltokens.Limits{Column: maxColumn, Flow: maxFlow, Keys: maxKeys}); err != nil {
		return nil, err
	}
	out := &File{}
	all := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict())
	if err := all.Decode(out); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the file is empty")
		}
		return nil, err
	}
	if err := all.Decode(&File{}); !errors.Is(err, io.EOF) {
		return nil, errors.New("the file has a second document")
	}
	return out, out.check()
}

// check checks the version, the enums, and that names are given once.
func (f *File) check() error {
	if f.Version != FormatVersion {
		return fault.Input(fault.InvalidValue, "version", "This program reads files of version "+strconv.Itoa(FormatVersion)+".")
	}
	if f.Organization == "" {
		return fault.Input(fault.Required, "organization", "The file must name the organization that it is for, by its slug.")
	}
	if err := input.AtMost("products", len(f.Products), MaxProducts); err != nil {
		return err
	}
	errs := []error{f.Policies.check()}
	names := make([]string, len(f.Products))
	for i, p := range f.Products {
		names[i] = p.Name
		errs = append(errs, fault.Within(at("products", i, p.Name), p.check()))
	}
	return fault.Collect(append(errs, once("products", names))...)
}

func (p *Policies) check() error {
	if p == nil {
		return nil
	}
	return fault.Within("policies", fault.Collect(
		known("portalUnregister", p.PortalUnregister), known("productionKeys", p.ProductionKeys), known("leakedKeys", p.LeakedKeys), known("catalogueAccess", p.CatalogueAccess)))
}

func (p Product) check() error {
	errs := []error{known("status", &p.Status), optional("approval", p.Approval), optional("visibility", p.Visibility)}
	for i, a := range p.AuthTypes {
		errs = append(errs, known("authTypes."+strconv.Itoa(i), new(access.AuthType(a))))
	}
	for i, q := range p.RequestForm {
		errs = append(errs, fault.Within(at("requestForm", i, q.Name), known("kind", &q.Kind)))
	}
	plans := make([]string, len(p.Plans))
	for i, x := range p.Plans {
		plans[i] = x.Name
		errs = append(errs, fault.Within(at("plans", i, x.Name), x.check()))
	}
	for i, e := range p.Endpoints {
		errs = append(errs, fault.Within(at("endpoints", i, e.name()), known("method", &e.Method)))
	}
	return fault.Collect(append(errs, once("plans", plans), onceMatched(p.Endpoints))...)
}

// onceMatched requires that no two endpoints match the same calls, as /a/{x} and /a/{y} do.
func onceMatched(all []Endpoint) error {
	var errs []error
	seen := map[string]bool{}
	for i, e := range all {
		if seen[e.shape()] {
			errs = append(errs, fault.Input(fault.Taken, at("endpoints", i, e.name()), "An endpoint before it in the file matches the same calls."))
		}
		seen[e.shape()] = true
	}
	return fault.Collect(errs...)
}

func (p Plan) check() error {
	errs := []error{optional("kind", p.Kind), known("approval", p.Approval), optional("quotaPer", access.QuotaPer(p.QuotaPer)), optional("overage", access.Overage(p.Overage)), checkEndpointLimits(p.EndpointLimits)}
	if p.RateLimit != nil {
		errs = append(errs, known("rateLimit.per", new(access.RatePeriod(p.RateLimit.Per))))
	}
	if p.Quota != nil {
		errs = append(errs, known("quota.per", new(access.QuotaPeriod(p.Quota.Per))))
	}
	return fault.Collect(errs...)
}

// at returns the path of an entry of a list: by its name, or by its place if it has none that
// can stand in a path.
func at(list string, i int, name string) string {
	if name == "" || strings.Contains(name, ".") {
		name = strconv.Itoa(i)
	}
	return list + "." + name
}

// enum is a type of the model with a list of its values.
type enum interface {
	~string
	Values() []string
}

// known requires a value that its enum has; nil is none.
func known[E enum](field string, v *E) error {
	if v == nil || slices.Contains((*v).Values(), string(*v)) {
		return nil
	}
	return fault.Input(fault.InvalidValue, field, "This must be one of "+strings.Join((*v).Values(), ", ")+".")
}

// optional is known for a value that may be left out.
func optional[E enum](field string, v E) error {
	if v == "" {
		return nil
	}
	return known(field, &v)
}

// once requires each name to be given once.
func once(list string, names []string) error {
	var errs []error
	seen := map[string]bool{}
	for i, name := range names {
		if seen[name] {
			errs = append(errs, fault.Input(fault.Taken, at(list, i, name), "This is in the file twice."))
		}
		seen[name] = true
	}
	return fault.Collect(errs...)
}

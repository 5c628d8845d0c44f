package catalog

import (
	"encoding/json"
	"slices"
	"strconv"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"portico/ent/db"
	"portico/ent/db/product"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/input"
)

// checkTags allows at most domain.MaxTags tags, each once whatever its case.
func checkTags(tags []string) error {
	if err := input.AtMost("tags", len(tags), domain.MaxTags); err != nil {
		return err
	}
	var errs []error
	var seen []string
	for i, tag := range tags {
		at, folded := "tags."+strconv.Itoa(i), domain.Fold(tag)
		switch err := input.CheckSeen(at, tag); {
		case err != nil:
			errs = append(errs, err)
		case !domain.IsTag(folded):
			errs = append(errs, fault.Input(fault.InvalidValue, at, "A tag is one word of 1–30 letters, digits and hyphens.",
				fault.Param{Name: "max", Value: strconv.Itoa(domain.MaxTag)}))
		case slices.Contains(seen, folded):
			errs = append(errs, fault.Input(fault.InvalidValue, at, "Name each tag once."))
		}
		seen = append(seen, folded)
	}
	return fault.Collect(errs...)
}

// setTags sets the tags of a product as they are stored, and returns them.
func setTags(m *db.ProductMutation, tags []string) []string {
	if len(tags) == 0 {
		m.ClearTags()
		return nil
	}
	folded := make([]string, len(tags))
	for i, tag := range tags {
		folded[i] = domain.Fold(tag)
	}
	slices.Sort(folded)
	m.SetTags(folded)
	return folded
}

// hasTag matches products with a tag, whatever its case.
func hasTag(tag string) func(*sql.Selector) {
	folded := domain.Fold(input.Sanitize(tag))
	return func(s *sql.Selector) {
		column := s.C(product.FieldTags)
		s.Where(sql.P(func(b *sql.Builder) {
			if s.Dialect() == dialect.Postgres {
				text, _ := json.Marshal([]string{folded}) // a text is always marshalled
				b.WriteString(column + " @> ").Arg(string(text)).WriteString("::jsonb")
				return
			}
			b.WriteString("EXISTS (SELECT 1 FROM json_each(" + column + ") AS t WHERE t.value = ").Arg(folded).WriteString(")")
		}))
	}
}

// DescriptionHTML returns the description of a product as HTML.
func (svc *Service) DescriptionHTML(x *db.Product) string { return svc.markdown.HTML(x.Description) }

package export

import (
	"context"
	"encoding/json"
	"errors"
)

// source reads the rows of a list page by page. A page that could not be read may be
// asked for again.
type source interface {
	next(ctx context.Context) (page, error)
}

// page is some rows, as JSON objects.
type page struct {
	rows []json.RawMessage
	// more reports whether there is another page.
	more bool
}

// pages reads a list of the API that has pages.
type pages struct {
	*asker
	name     string
	asked    asked
	document string
	price    int
	after    *string
}

func (s *pages) next(ctx context.Context) (p page, err error) {
	after, err := json.Marshal(s.after)
	if err != nil {
		return p, err
	}
	variables := map[string]json.RawMessage{"after": after}
	for name, given := range map[string]string{"filter": s.asked.filter, "orderBy": s.asked.orderBy} {
		if given != "" {
			variables[name] = json.RawMessage(given)
		}
	}
	raw, err := s.ask(ctx, s.document, variables, s.price)
	if err != nil {
		return p, err
	}
	var list struct {
		Nodes    []json.RawMessage
		PageInfo struct {
			HasNextPage bool
			EndCursor   *string
		}
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return p, err
	}
	if list.PageInfo.HasNextPage && list.PageInfo.EndCursor == nil {
		return p, errors.New("export: a page has no end, but another after it")
	}
	s.after = list.PageInfo.EndCursor
	return page{list.Nodes, list.PageInfo.HasNextPage}, nil
}

package graph_test

import (
	"fmt"
	"slices"
	"strings"

	"portico/internal/viewer"
)

// result is how a mutation went.
type result struct {
	outcome outcome
	answer  answer
	// lacking are the payload's fields that the viewer's schema does not have.
	lacking []string
}

// mutate plays a mutation for each viewer, and checks the effects.
func (m *matrix) mutate(key, field string) map[string]result {
	if all, ok := m.played[key]; ok {
		return all
	}
	p, ok := plays()[key]
	if !ok {
		return nil
	}
	attempts := map[string]attempt{}
	for _, who := range m.viewers {
		a := attempt{token: m.tokens[who], actor: m.viewerOf(who), input: p.input(m.world, who)}
		if p.enter != nil {
			a.token, a.actor = p.enter(m.world, who)
		}
		attempts[who] = a
	}
	all := map[string]result{}
	before := m.snapshot()
	for _, who := range m.viewers {
		a := attempts[who]
		at := m.position(a.actor.OrganizationID)
		r := m.send(a.token, field, a.input)
		r.outcome = m.effect(p, r.answer, a.input, who, func(in arguments) answer { return m.send(a.token, field, in).answer })
		now := m.snapshot()
		r.outcome = m.proven(p, a, r.outcome, before.changed(now), at)
		before, all[who] = now, r
	}
	m.played[key] = all
	return all
}

// attempt is one viewer's attempt at a play.
type attempt struct {
	token string
	actor viewer.Viewer
	input arguments
}

// proven returns an outcome that the changes of the database confirm: done has
// its event and changed nobody else's rows, and every other outcome changed
// nothing.
func (m *matrix) proven(p play, a attempt, o outcome, changed map[string]row, at int64) outcome {
	if o != done {
		for k := range changed {
			return outcome(fmt.Sprintf("%s, yet something changed: %s", o, k))
		}
		return o
	}
	if k, strayed := beyond(changed, a.actor); strayed {
		return outcome("done, and somebody else's row changed: " + k)
	}
	if p.later {
		if len(changed) > 0 {
			return "done, and something changed at once"
		}
		return done
	}
	if len(changed) == 0 {
		return "done, but nothing changed"
	}
	target, _ := a.input[p.target].(string)
	if many, ok := a.input[p.target].([]string); ok {
		target = many[0]
	}
	if !m.recorded(p, target, a.actor, at) {
		return outcome("done without the event " + p.event)
	}
	return done
}

// effect judges the answer to a mutation. again sends it with another input.
func (m *matrix) effect(p play, a answer, in arguments, who string, again func(arguments) answer) outcome {
	var standIn func() answer
	if p.target != "" {
		standIn = func() answer {
			in := in.copy()
			switch id := in[p.target].(type) {
			case string:
				in[p.target] = madeUp(id)
			case []string:
				in[p.target] = []string{madeUp(id[0])}
			}
			return again(in)
		}
	}
	if len(a.Errors) > 0 {
		return erred(a, who, standIn)
	}
	if ids, many := in[p.target].([]string); many && noneDone(a) {
		in, other := in.copy(), madeUp(ids[0])
		in[p.target] = []string{other}
		if unknown := again(in); unknown.raw != a.raw {
			return outcome("NOT_FOUND, but otherwise for a made-up id: " + unknown.raw)
		}
		return notFound
	}
	errs, _ := dig(a.Data, rootOf(a)+".userErrors")
	if list, ok := errs.([]any); !ok || len(list) == 0 {
		return done
	}
	if standIn != nil && standIn().raw != a.raw {
		return outcome("refused, but otherwise for a made-up id: " + a.raw)
	}
	return refused
}

// noneDone reports whether a mutation that answers for each of several objects has done
// nothing to any.
func noneDone(a answer) bool {
	results, _ := dig(a.Data, rootOf(a)+".results")
	all, ok := results.([]any)
	return ok && len(all) > 0 && !slices.ContainsFunc(all, func(one any) bool {
		kind, _ := dig(one.(map[string]any), "error.code")
		return kind != "NOT_FOUND"
	})
}

// send sends a mutation and selects the whole payload, without fields that the
// viewer's schema lacks.
func (m *matrix) send(token, field string, in arguments) result {
	payload := m.schema.Types[m.schema.Mutation.Fields.ForName(field).Type.Name()]
	var r result
	for {
		var selection []string
		for _, f := range payload.Fields {
			if !slices.Contains(r.lacking, f.Name) {
				selection = append(selection, m.selected(f))
			}
		}
		r.answer = m.api.ask(m.t, token, mutation(field, strings.Join(selection, " ")), map[string]any{"input": in})
		if len(r.answer.Errors) == 0 {
			return r
		}
		lacks := ""
		for _, f := range payload.Fields {
			if strings.HasPrefix(r.answer.Errors[0].Message, fmt.Sprintf("Cannot query field %q on type %q", f.Name, payload.Name)) {
				lacks = f.Name
			}
		}
		if lacks == "" {
			return r
		}
		r.lacking = append(r.lacking, lacks)
	}
}

// payload judges a payload's field by the mutation that returns it.
func (m *matrix) payload(l line, who string) outcome {
	for _, f := range m.schema.Mutation.Fields {
		if f.Type.Name() != l.owner {
			continue
		}
		key := line{owner: "Mutation", specimen: l.specimen, field: f.Name}.String()
		r, ok := m.mutate(key, f.Name)[who]
		switch {
		case !ok:
			return "no play for it"
		case slices.Contains(r.lacking, l.field):
			return unknown
		case r.outcome != done && r.outcome != refused:
			return r.outcome
		}
		v, _ := dig(r.answer.Data, f.Name+"."+l.field)
		return valued(v)
	}
	return "no mutation answers with it"
}

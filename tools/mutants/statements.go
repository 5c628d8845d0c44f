package main

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strings"
)

// negated negates the condition of an if or for, unless it is a comparison or a
// combination, which have mutants of their own.
func (w *instrumenter) negated(n ast.Node, cond ast.Expr) string {
	inner := ast.Unparen(cond)
	switch c := inner.(type) {
	case *ast.BinaryExpr:
		return w.copied(n)
	case *ast.UnaryExpr:
		if c.Op == token.NOT {
			return w.copied(n)
		}
	}
	if !w.isBool(cond) || w.info.Types[cond].Value != nil {
		return w.copied(n)
	}
	instead := "(" + w.add(cond, "condition negated", "!("+w.original(cond)+")") + " != (" + w.text(cond) + "))"
	switch n := n.(type) {
	case *ast.IfStmt:
		init, rest := w.optional(n.Init), ""
		if init != "" {
			init += "; "
		}
		body := w.text(n.Body)
		if n.Else != nil {
			rest = " else " + w.text(n.Else)
		}
		return "if " + init + instead + " " + body + rest
	case *ast.ForStmt:
		if n.Init == nil && n.Post == nil {
			return "for " + instead + " " + w.text(n.Body)
		}
		return "for " + w.optional(n.Init) + "; " + instead + "; " + w.optional(n.Post) + " " + w.text(n.Body)
	}
	return w.copied(n)
}

func (w *instrumenter) optional(s ast.Stmt) string {
	if s == nil {
		return ""
	}
	return w.text(s)
}

// clause mutates the conditions of a switch without a tag.
func (w *instrumenter) clause(n *ast.CaseClause) string {
	var conditions []string
	for _, e := range n.List {
		text := w.text(e)
		if _, compared := ast.Unparen(e).(*ast.BinaryExpr); !compared && !isBoolLiteral(e) && w.isBool(e) && w.info.Types[e].Value == nil && !isNot(e) {
			text = "(" + w.add(e, "condition negated", "!("+w.original(e)+")") + " != (" + text + "))"
		}
		conditions = append(conditions, text)
	}
	head := "default:"
	if n.List != nil {
		head = "case " + strings.Join(conditions, ", ") + ":"
	}
	var b strings.Builder
	b.WriteString(head)
	for _, s := range n.Body {
		b.WriteString("\n")
		b.WriteString(w.statement(s))
	}
	return b.String()
}

func isNot(e ast.Expr) bool {
	u, ok := ast.Unparen(e).(*ast.UnaryExpr)
	return ok && u.Op == token.NOT
}

// statements returns a block with statements that can be dropped.
func (w *instrumenter) statements(n ast.Node, list []ast.Stmt) string {
	var b strings.Builder
	at := w.offset(n.Pos())
	for _, s := range list {
		b.Write(w.source[at:w.offset(s.Pos())])
		b.WriteString(w.statement(s))
		at = w.offset(s.End())
	}
	b.Write(w.source[at:w.offset(n.End())])
	return b.String()
}

func (w *instrumenter) statement(s ast.Stmt) string {
	text := w.text(s)
	if !droppable(s) {
		return text
	}
	return "if !" + w.add(s, "statement dropped", "") + " { " + text + " }"
}

func droppable(s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.AssignStmt:
		blank := true
		for _, to := range s.Lhs {
			id, ok := to.(*ast.Ident)
			blank = blank && ok && id.Name == "_"
		}
		return s.Tok != token.DEFINE && !blank
	case *ast.ExprStmt:
		call, ok := s.X.(*ast.CallExpr)
		if !ok {
			return true
		}
		id, ok := call.Fun.(*ast.Ident)
		return !ok || id.Name != "panic"
	case *ast.IncDecStmt, *ast.SendStmt, *ast.DeferStmt, *ast.GoStmt:
		return true
	case *ast.BranchStmt:
		return s.Tok == token.CONTINUE && s.Label == nil || s.Tok == token.BREAK && s.Label == nil
	}
	return false
}

// returned replaces single results by their zero values.
func (w *instrumenter) returned(n *ast.ReturnStmt) string {
	if len(n.Results) == 0 || len(w.results) == 0 {
		return w.copied(n)
	}
	var wanted []ast.Expr
	for _, f := range w.results[len(w.results)-1].List {
		for range max(1, len(f.Names)) {
			wanted = append(wanted, f.Type)
		}
	}
	if len(wanted) != len(n.Results) {
		return w.copied(n)
	}
	var out []string
	for i, e := range n.Results {
		out = append(out, w.result(e, wanted[i]))
	}
	return "return " + strings.Join(out, ", ")
}

func (w *instrumenter) result(e, wanted ast.Expr) string {
	text := w.text(e)
	if w.isZero(e) || isBoolLiteral(e) {
		return text
	}
	if _, compared := ast.Unparen(e).(*ast.BinaryExpr); compared && w.isBool(e) {
		return text
	}
	t := w.original(wanted)
	zero := "*new(" + t + ")"
	is := w.add(e, "result", zero)
	return "mutantPick[" + t + "](" + is + ", func() (z " + t + ") { return }, func() " + t + " { return " + text + " })"
}

// isZero reports whether an expression is the zero value, as written.
func (w *instrumenter) isZero(e ast.Expr) bool {
	if v := w.info.Types[e]; v.IsNil() {
		return true
	} else if v.Value != nil {
		switch v.Value.Kind() {
		case constant.String:
			return constant.StringVal(v.Value) == ""
		case constant.Int, constant.Float:
			return constant.Sign(v.Value) == 0
		}
	}
	if s, ok := e.(*ast.SelectorExpr); ok && s.Sel.Name == "Nil" { // of package uuid
		return true
	}
	c, ok := e.(*ast.CompositeLit)
	if !ok || len(c.Elts) > 0 {
		return false
	}
	switch w.info.TypeOf(c).Underlying().(type) {
	case *types.Struct, *types.Array:
		return true
	}
	return false
}

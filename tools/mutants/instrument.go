package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// instrumenter writes a file anew, with every mutant behind its number.
type instrumenter struct {
	fset    *token.FileSet
	info    *types.Info
	source  []byte
	name    string // of the file, relative to the tree
	next    *int
	in      string // the function or variable
	mutants []*mutant
	results []*ast.FieldList // of the functions around
}

func (w *instrumenter) offset(p token.Pos) int { return w.fset.Position(p).Offset }

func (w *instrumenter) original(n ast.Node) string {
	return string(w.source[w.offset(n.Pos()):w.offset(n.End())])
}

// add records a mutant and returns the condition under which it is active.
func (w *instrumenter) add(n ast.Node, what, instead string) string {
	*w.next++
	w.mutants = append(w.mutants, &mutant{
		number: *w.next, file: w.name, function: w.in, line: w.fset.Position(n.Pos()).Line, what: what,
		start: w.offset(n.Pos()), end: w.offset(n.End()), instead: instead, source: w.source,
	})
	return fmt.Sprintf("mutantIs(%d)", *w.next)
}

// declaration returns the instrumented text of a declaration of the file.
func (w *instrumenter) declaration(d ast.Decl) string {
	w.in = declared(d)
	return w.text(d)
}

// declared returns the name of a declaration: Type.Method of a method, the first
// name of several variables.
func declared(d ast.Decl) string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			return d.Name.Name
		}
		receiver := d.Recv.List[0].Type
		for {
			switch t := receiver.(type) {
			case *ast.StarExpr:
				receiver = t.X
			case *ast.IndexExpr:
				receiver = t.X
			case *ast.IndexListExpr:
				receiver = t.X
			default:
				return types.ExprString(t) + "." + d.Name.Name
			}
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			if v, ok := s.(*ast.ValueSpec); ok {
				return v.Names[0].Name
			}
		}
	}
	return ""
}

// text returns the instrumented text of a node.
func (w *instrumenter) text(n ast.Node) string {
	switch n := n.(type) {
	case *ast.GenDecl:
		if n.Tok != token.VAR {
			return w.original(n)
		}
	case *ast.FuncDecl:
		return w.inFunction(n.Type, n)
	case *ast.FuncLit:
		return w.inFunction(n.Type, n)
	case *ast.FuncType, *ast.CommentGroup:
		return w.original(n)
	case ast.Expr:
		if v := w.info.Types[n]; v.Value != nil && !isBoolLiteral(n) || v.IsType() {
			return w.original(n)
		}
	}
	return w.mutated(n)
}

func (w *instrumenter) inFunction(t *ast.FuncType, n ast.Node) string {
	w.results = append(w.results, t.Results)
	defer func() { w.results = w.results[:len(w.results)-1] }()
	return w.copied(n)
}

// copied returns a node's text with its children's texts in place.
func (w *instrumenter) copied(n ast.Node) string {
	var children []ast.Node
	ast.Inspect(n, func(c ast.Node) bool {
		if c == n {
			return true
		}
		if c != nil {
			children = append(children, c)
		}
		return false
	})
	slices.SortStableFunc(children, func(a, b ast.Node) int { return int(a.Pos() - b.Pos()) })
	var b strings.Builder
	at, end := w.offset(n.Pos()), w.offset(n.End())
	for _, c := range children {
		if from := w.offset(c.Pos()); from >= at && w.offset(c.End()) <= end {
			b.Write(w.source[at:from])
			b.WriteString(w.text(c))
			at = w.offset(c.End())
		}
	}
	b.Write(w.source[at:end])
	return b.String()
}

func (w *instrumenter) mutated(n ast.Node) string {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		return w.binary(n)
	case *ast.UnaryExpr:
		if n.Op == token.NOT && w.isBool(n) {
			return "(" + w.add(n, "negation dropped", w.original(n.X)) + " != (" + w.copied(n) + "))"
		}
	case *ast.Ident:
		if isBoolLiteral(n) && w.isBool(n) && w.info.Uses[n] == types.Universe.Lookup(n.Name) {
			return w.literal(n)
		}
	case *ast.BlockStmt:
		return w.statements(n, n.List)
	case *ast.CaseClause:
		return w.clause(n)
	case *ast.CommClause:
		return w.statements(n, n.Body)
	case *ast.ReturnStmt:
		return w.returned(n)
	case *ast.IfStmt:
		return w.negated(n, n.Cond)
	case *ast.ForStmt:
		if n.Cond != nil {
			return w.negated(n, n.Cond)
		}
	}
	return w.copied(n)
}

func (w *instrumenter) literal(n *ast.Ident) string {
	if n.Name == "true" {
		return "!" + w.add(n, "literal", "false")
	}
	return w.add(n, "literal", "true")
}

// isBool reports whether an expression is of the type bool itself; the type, as in a
// case of a type switch, is not.
func (w *instrumenter) isBool(e ast.Expr) bool {
	b, ok := w.info.TypeOf(e).(*types.Basic)
	return ok && b.Info()&types.IsBoolean != 0 && !w.info.Types[e].IsType()
}

func isBoolLiteral(n ast.Node) bool {
	id, ok := n.(*ast.Ident)
	return ok && (id.Name == "true" || id.Name == "false")
}

// swaps are the operators in place of which others may stand by mistake.
func swaps(op token.Token) []token.Token {
	switch op {
	case token.EQL:
		return []token.Token{token.NEQ}
	case token.NEQ:
		return []token.Token{token.EQL}
	case token.LSS:
		return []token.Token{token.LEQ, token.GEQ}
	case token.LEQ:
		return []token.Token{token.LSS, token.GTR}
	case token.GTR:
		return []token.Token{token.GEQ, token.LEQ}
	case token.GEQ:
		return []token.Token{token.GTR, token.LSS}
	case token.ADD:
		return []token.Token{token.SUB}
	case token.SUB:
		return []token.Token{token.ADD}
	case token.MUL:
		return []token.Token{token.ADD}
	case token.QUO, token.REM:
		return []token.Token{token.MUL}
	}
	return nil
}

func (w *instrumenter) binary(n *ast.BinaryExpr) string {
	x, y := w.text(n.X), w.text(n.Y)
	between := string(w.source[w.offset(n.X.End()):w.offset(n.Y.Pos())])
	plain := x + between + y
	switch n.Op {
	case token.LAND, token.LOR:
		if !w.isBool(n) {
			return plain
		}
		left, right := w.add(n, "operand dropped", w.original(n.Y)), w.add(n, "operand dropped", w.original(n.X))
		if n.Op == token.LAND {
			return "((" + left + " || (" + x + "))" + between + "(" + right + " || (" + y + ")))"
		}
		return "((!" + left + " && (" + x + "))" + between + "(!" + right + " && (" + y + ")))"
	case token.ADD, token.SUB, token.MUL, token.QUO, token.REM:
		return w.arithmetic(n, plain)
	}
	if !w.isBool(n) {
		return plain
	}
	none, out := "", ""
	for _, op := range swaps(n.Op) {
		is := w.add(n, "comparison", w.original(n.X)+" "+op.String()+" "+w.original(n.Y))
		out += is + " && (" + x + " " + op.String() + " " + y + ") || "
		none += "!" + is + " && "
	}
	if out == "" {
		return plain
	}
	return "(" + out + none + "(" + plain + "))"
}

// arithmetic mutates an operation on whole numbers whose operands may be evaluated
// twice.
func (w *instrumenter) arithmetic(n *ast.BinaryExpr, plain string) string {
	t, ok := w.info.TypeOf(n).(*types.Basic)
	if !ok || t.Info()&types.IsInteger == 0 || t.Info()&types.IsUntyped != 0 || hasCalls(n) {
		return plain
	}
	op := swaps(n.Op)[0]
	// As it was for nested ones: these are evaluated twice already.
	x, y := w.original(n.X), w.original(n.Y)
	is := w.add(n, "arithmetic", x+" "+op.String()+" "+y)
	return "mutantPick[" + t.Name() + "](" + is + ", func() " + t.Name() + " { return (" + x + ") " + op.String() + " (" + y + ") }, func() " + t.Name() + " { return " + plain + " })"
}

func hasCalls(n ast.Node) (found bool) {
	ast.Inspect(n, func(c ast.Node) bool {
		switch c := c.(type) {
		case *ast.CallExpr:
			id, ok := c.Fun.(*ast.Ident)
			found = found || !ok || !slices.Contains([]string{"len", "cap", "min", "max", "int", "int64", "uint64"}, id.Name)
		case *ast.FuncLit:
			found = true
		case *ast.UnaryExpr:
			found = found || c.Op == token.ARROW
		}
		return !found
	})
	return found
}

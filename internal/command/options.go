package command

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"portico/internal/config"
)

// groups returns the settings of each group.
func groups() map[string][]string {
	return map[string][]string{
		"database": {"DATABASE_URL", "PORTICO_DB_CONNS", "PORTICO_DB_POOLER", "PORTICO_DEV", "PORTICO_LOG", "PORTICO_LOG_LEVEL"},
		"wait":     {"PORTICO_DB_WAIT"},
		"file":     {"PORTICO_KEYRING"},
		"ring":     {"PORTICO_KEYRING", "PORTICO_DEV", "DATABASE_URL", "PORTICO_DB_CONNS", "PORTICO_DB_POOLER"},
		"demo":     {"PORTICO_DEMO_PASSWORD"},
		"health":   {"PORTICO_ADDR"},
		"none":     {}, "unchecked": {},
	}
}

// usedBy reports which settings a command uses; a nil node means the
// program itself, which serves and uses all. A command with subcommands uses what
// they use.
func usedBy(n *kong.Node) func(variable string) bool {
	if n == nil {
		return func(string) bool { return true }
	}
	var used []string
	all := false
	for _, leaf := range leaves(n) {
		uses := strings.Fields(leaf.Tag.Get("uses"))
		if len(uses) == 0 {
			uses = []string{"database", "ring"}
		}
		for _, group := range uses {
			all = all || group == "all"
			used = append(used, groups()[group]...)
		}
	}
	return func(variable string) bool { return all || slices.Contains(used, variable) }
}

// unchecked reports whether a command checks the settings itself.
func unchecked(command *kong.Context) bool {
	n := command.Selected()
	return n != nil && slices.Contains(strings.Fields(n.Tag.Get("uses")), "unchecked")
}

// leaves returns the executable commands beneath a node, or the node itself.
func leaves(n *kong.Node) []*kong.Node {
	var out []*kong.Node
	for _, child := range n.Children {
		if child.Type == kong.CommandNode {
			out = append(out, leaves(child)...)
		}
	}
	if out == nil {
		return []*kong.Node{n}
	}
	return out
}

// printHelp omits the settings that a command does not use, and lists those
// that are not flags.
func printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	used := usedBy(ctx.Selected())
	for _, flag := range ctx.Model.Flags {
		if name := flag.Tag.Get("var"); name != "" {
			flag.Hidden = !used(name)
		}
	}
	if err := kong.DefaultHelpPrinter(options, ctx); err != nil {
		return err
	}
	var secrets []string
	for name, help := range variablesAlone() {
		if used(name) {
			secrets = append(secrets, fmt.Sprintf("  %-22s %s\n", name, help))
		}
	}
	if len(secrets) == 0 {
		return nil
	}
	slices.Sort(secrets)
	_, err := fmt.Fprint(ctx.Stdout, "\nBy its environment variable alone, for it may hold a secret\n"+strings.Join(secrets, ""))
	return err
}

// variablesAlone returns the settings that are not flags, with their help.
func variablesAlone() map[string]string {
	out := map[string]string{}
	for i := range reflect.TypeFor[config.Config]().NumField() {
		if tag := reflect.TypeFor[config.Config]().Field(i).Tag; tag.Get("kong") == "-" {
			out[tag.Get("var")] = tag.Get("help")
		}
	}
	return out
}

// nameVariable names the variable with the invalid value in an error in which
// kong names the flag, which was not given.
func nameVariable(parser *kong.Kong, getenv func(string) string, err error) error {
	for _, flag := range parser.Model.Flags {
		about, name := "--"+flag.Name, flag.Tag.Get("var")
		if rest, found := strings.CutPrefix(err.Error(), about); found && (rest == "" || rest[0] == ':' || rest[0] == ' ') && name != "" && getenv(name) != "" {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return err
}

// refuseSecretFlags refuses secrets on the command line, which every user of
// the machine can read.
func refuseSecretFlags(command *kong.Context) error {
	for _, element := range command.Path {
		if element.Flag == nil || element.Resolved {
			continue
		}
		name := element.Flag.Tag.Get("var")
		if value, ok := command.FlagValue(element.Flag).(string); ok && config.Secret(name, value) {
			return fmt.Errorf("--%s: a password on the command line can be read by everybody on this machine: give it by the environment variable %s", element.Flag.Name, name)
		}
	}
	return nil
}

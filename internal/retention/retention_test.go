package retention_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/retention"
)

var update = flag.Bool("update", false, "write the table of retention in docs/operating.md anew")

// TestOperatingShowsTheRules: what the jobs purge by is what operators read.
func TestOperatingShowsTheRules(t *testing.T) {
	const file, begin, end = "../../docs/operating.md", "<!-- retention: printed by make generate -->\n", "<!-- end of retention -->\n"
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(text), begin)
	old, after, ended := strings.Cut(rest, end)
	require.True(t, found && ended, "%s has no place for the table", file)
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(before+begin+table()+end+after), 0o644))
		return
	}
	require.Equal(t, table(), old, "run: go test ./internal/retention -update")
}

// table returns the rules as a table in Markdown.
func table() string {
	var out strings.Builder
	out.WriteString("| what | table | deleted |\n|---|---|---|\n")
	for _, r := range retention.All() {
		fmt.Fprintf(&out, "| %s | `%s` | %s |\n", r.What, r.Table, deleted(r))
	}
	return out.String()
}

func deleted(r retention.Rule) string {
	text := ""
	switch {
	case r.Forever:
		return "never"
	case r.Until != "":
		return "when " + r.Until
	case len(r.With) > 0:
		return "with `" + strings.Join(r.With, "`, `") + "`"
	case r.For >= 48*time.Hour:
		text = fmt.Sprintf("%d days after `%s`", r.For/(24*time.Hour), r.Since)
	case r.For > 0:
		text = fmt.Sprintf("%d h after `%s`", r.For/time.Hour, r.Since)
	default:
		text = fmt.Sprintf("`%s` days after `%s`", r.Setting, r.Since)
	}
	if r.Emptied {
		text = "emptied " + text
	}
	return text
}

// TestRuleOf: each table has one rule, and a job deletes what has a period.
func TestRuleOf(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range retention.All() {
		require.False(t, seen[r.Table], r.Table)
		seen[r.Table] = true
		require.Equal(t, r, retention.RuleOf(r.Table))
		require.Equal(t, r.For > 0 || r.Setting != "", r.Job == retention.Purge || r.Job == retention.UsagePurge, r.Table)
	}
	require.Equal(t, "at < $1 AND NOT due", retention.RuleOf("usage_minutes").Condition("at < $1"))
	require.Equal(t, "hours", retention.RuleOf("usage_hours").Field())
	require.Equal(t, "deletedRetentionDays", retention.RuleOf("apps").Field())
}

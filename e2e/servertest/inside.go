package servertest

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"portico/internal/clock"
	"portico/internal/keyring"
)

// Setting returns the value of an environment variable of the program.
func (s *Server) Setting(name string) string {
	value := ""
	for _, entry := range s.process.Env { // the last one wins
		if v, ok := strings.CutPrefix(entry, name+"="); ok {
			value = v
		}
	}
	return value
}

// Run runs another command of the program on the same database, with the same secrets, and
// returns its standard output.
func (s *Server) Run(t testing.TB, stdin string, args ...string) string {
	t.Helper()
	c := s.Command(t, args...)
	c.Stdin = strings.NewReader(stdin)
	var problems strings.Builder
	c.Stderr = &problems
	out, err := c.Output()
	if err != nil {
		t.Fatalf("portico %s: %v\n%s", strings.Join(args, " "), err, problems.String())
	}
	return string(out)
}

// Command returns another command of the program, on the same database and with the same
// secrets.
func (s *Server) Command(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	return Command(t, s.Setting("DATABASE_URL"), []string{"XDG_CONFIG_HOME=" + s.Setting("XDG_CONFIG_HOME"), "PORTICO_KEYRING=" + s.Setting("PORTICO_KEYRING")}, args...)
}

// KeyRing returns the secrets that the program generated.
func (s *Server) KeyRing(t testing.TB) *keyring.Ring {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.Setting("XDG_CONFIG_HOME"), "portico", "development-*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("the development key ring: %v %v", files, err)
	}
	ring, err := keyring.Load(files[0], clock.System{})
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

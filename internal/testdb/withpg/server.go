//go:build unix

package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	_ "github.com/lib/pq" // the driver named "postgres"
	"portico/internal/testdb/freeport"
)

// startTime is how long the server may take to answer for the first time.
const startTime = 30 * time.Second

// server is a running Postgres server and the directory with its files.
type server struct {
	folder string
	port   int
	cmd    *exec.Cmd
	ended  chan error
}

// binaries returns the directory that contains initdb and postgres: on the PATH,
// or, newest version first, where Debian and Homebrew install them.
func binaries() (folder string, ok bool) {
	folders := filepath.SplitList(os.Getenv("PATH"))
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql*/bin"} {
		found, _ := filepath.Glob(pattern) // the patterns are well formed
		slices.Reverse(found)
		folders = append(folders, found...)
	}
	for _, folder := range folders {
		if executable(filepath.Join(folder, "initdb")) && executable(filepath.Join(folder, "postgres")) {
			return folder, true
		}
	}
	return "", false
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir() && info.Mode()&0o111 != 0
}

// start creates a database cluster in a folder, starts a server on it and waits
// until it answers.
func start(bin, folder string) (*server, error) {
	s := &server{folder: folder}
	if err := s.begin(bin); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

func (s *server) begin(bin string) error {
	attributes, err := s.owner()
	if err != nil {
		return err
	}
	data := filepath.Join(s.folder, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "--no-sync", "--auth=trust", "--username=portico",
		"--encoding=UTF8", "--locale=C", "--pgdata="+data)
	initdb.SysProcAttr, initdb.Dir = attributes, s.folder
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	if s.port, err = freeport.New(); err != nil {
		return err
	}
	if err := s.launch(filepath.Join(bin, "postgres"), data, attributes); err != nil {
		return err
	}
	return s.await()
}

// owner changes the owner of the directory to the user "postgres" if the process is root,
// because Postgres refuses to run as root.
func (s *server) owner() (*syscall.SysProcAttr, error) {
	attributes := endWithParent()
	attributes.Setpgid = true // so that Ctrl-C reaches only the command
	if os.Geteuid() != 0 {
		return attributes, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("Postgres does not run as root, and there is no other user for it: %w", err)
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	attributes.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attributes, os.Chown(s.folder, int(uid), int(gid))
}

// launch starts the server with its output in a file: a pipe would be kept open
// by every process that it starts.
func (s *server) launch(postgres, data string, attributes *syscall.SysProcAttr) error {
	log, err := os.Create(filepath.Join(s.folder, "log"))
	if err != nil {
		return err
	}
	defer log.Close() // the server has its own handle
	s.cmd = exec.Command(postgres, "-D", data, "-h", "127.0.0.1", "-p", strconv.Itoa(s.port), "-k", "",
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=300",
		"-c", "shared_buffers=128MB")
	s.cmd.SysProcAttr, s.cmd.Dir = attributes, s.folder
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.ended = make(chan error, 1)
	go func() { s.ended <- s.cmd.Wait() }()
	return nil
}

// await returns as soon as the server answers.
func (s *server) await() error {
	db, err := sql.Open("postgres", s.url())
	if err != nil {
		return err
	}
	defer db.Close() // nothing depends on it
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	for {
		if err = db.PingContext(ctx); err == nil {
			return nil
		}
		select {
		case end := <-s.ended:
			s.cmd = nil
			return fmt.Errorf("Postgres ended at once (%v):\n%s", end, s.log())
		case <-ctx.Done():
			return fmt.Errorf("Postgres does not answer: %w\n%s", err, s.log())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *server) log() []byte {
	text, err := os.ReadFile(filepath.Join(s.folder, "log"))
	if err != nil {
		return []byte(err.Error())
	}
	return text
}

func (s *server) url() string {
	return fmt.Sprintf("postgres://portico@127.0.0.1:%d/postgres?sslmode=disable", s.port)
}

// stop ends the server immediately.
func (s *server) stop() error {
	if s.cmd == nil {
		return nil
	}
	if err := s.cmd.Process.Signal(syscall.SIGQUIT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-s.ended
	return nil
}

package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// maxLineBytes bounds what is read from standard input.
const maxLineBytes = 4096

// readPassword prompts for a password, twice and without echo, if stdin is a
// terminal; else it reads the first line.
func readPassword(ctx context.Context, stdin io.Reader, stderr io.Writer) (string, error) {
	if f, ok := stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return askPassword(ctx, int(f.Fd()), stderr)
	}
	line, err := bufio.NewReader(io.LimitReader(stdin, maxLineBytes)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("reading the password: %w", err)
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", errors.New("the first line of standard input must be the password")
	}
	return line, nil
}

func askPassword(ctx context.Context, terminal int, stderr io.Writer) (string, error) {
	first, err := ask(ctx, terminal, stderr, "Password: ")
	if err != nil {
		return "", err
	}
	second, err := ask(ctx, terminal, stderr, "Once more: ")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", errors.New("the two passwords differ")
	}
	return first, nil
}

// ask prompts for a line without echo. If ctx ends first, the terminal's echo
// is restored.
func ask(ctx context.Context, terminal int, stderr io.Writer, question string) (string, error) {
	before, err := term.GetState(terminal)
	if err != nil {
		return "", err
	}
	if _, err := fmt.Fprint(stderr, question); err != nil {
		return "", err
	}
	type answer struct {
		line []byte
		err  error
	}
	answered := make(chan answer, 1)
	go func() {
		line, err := term.ReadPassword(terminal)
		answered <- answer{line, err}
	}()
	select {
	case a := <-answered:
		fmt.Fprintln(stderr)
		return string(a.line), a.err
	case <-ctx.Done():
		fmt.Fprintln(stderr)
		return "", errors.Join(errors.New("interrupted"), term.Restore(terminal, before))
	}
}

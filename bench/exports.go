package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// exports exports the longest lists of the large set as a file each, and prints how many
// rows a second came and what a row cost.
func (w *world) exports(ctx context.Context, out io.Writer) error {
	fmt.Fprintf(out, "\n%-22s %10s %10s %12s %14s\n", "export", "rows", "MiB", "rows/s", "CPU of a row")
	for _, list := range []string{"apps", "credentials", "events"} {
		for _, format := range []string{"csv", "jsonl"} {
			before, err := w.portico.cpu()
			if err != nil {
				return err
			}
			begun := time.Now()
			rows, size, err := w.export(ctx, list, format)
			if err != nil {
				return fmt.Errorf("exporting %s as %s: %w", list, format, err)
			}
			took := time.Since(begun)
			after, err := w.portico.cpu()
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "%-22s %10d %10.1f %12.0f %14s\n", list+"."+format, rows, float64(size)/(1<<20),
				float64(rows)/took.Seconds(), ((after - before) / time.Duration(max(1, rows))).Round(100*time.Nanosecond))
		}
	}
	return nil
}

// export reads a whole export, and returns its lines and bytes.
func (w *world) export(ctx context.Context, list, format string) (rows, size int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.portico.address+"/v1/exports/"+list+"?format="+format, nil)
	if err != nil {
		return 0, 0, err
	}
	req.Header.Set("Authorization", "Bearer "+w.token)
	req.Header.Set("Accept-Encoding", "identity")
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, 0, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return 0, 0, fmt.Errorf("status %d", answer.StatusCode)
	}
	chunk := make([]byte, 64<<10)
	for {
		n, err := answer.Body.Read(chunk)
		rows, size = rows+bytes.Count(chunk[:n], []byte("\n")), size+n
		if err == io.EOF {
			return rows, size, nil
		}
		if err != nil {
			return 0, 0, err
		}
	}
}

// Command empty is a server against which the gateway API is measured: it has the same
// settings, reads the request's body and responds with as many bytes.
package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"

	"portico/internal/gateway/httpapi"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "empty:", err)
		os.Exit(1)
	}
}

// run serves at BENCH_ADDR, with BENCH_VERIFY and BENCH_AUTHORIZE bytes.
func run() error {
	verify, err := answer("BENCH_VERIFY")
	if err != nil {
		return err
	}
	authorize, err := strconv.Atoi(os.Getenv("BENCH_AUTHORIZE"))
	if err != nil {
		return fmt.Errorf("BENCH_AUTHORIZE: %w", err)
	}
	header := string(bytes.Repeat([]byte("x"), authorize))
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/authorize" {
			w.Header()["X-Portico"] = []string{header}
			w.WriteHeader(http.StatusOK)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body) // the client may have gone
		w.Header()["Content-Type"] = []string{"application/json"}
		_, _ = w.Write(verify)
	})
	l, err := net.Listen("tcp", os.Getenv("BENCH_ADDR"))
	if err != nil {
		return err
	}
	return httpapi.HTTPServer(handler, netip.Addr.IsLoopback).Serve(l)
}

func answer(name string) ([]byte, error) {
	n, err := strconv.Atoi(os.Getenv(name))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return bytes.Repeat([]byte("x"), n), nil
}

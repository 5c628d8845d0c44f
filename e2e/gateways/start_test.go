package gateways

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/testdb/freeport"
)

// start starts a gateway in front of an API and returns its address.
type start func(t *testing.T, s setup) (address string)

// startNginx includes the files of deploy/gateways in a minimal nginx.conf.
func startNginx(t *testing.T, s setup) string {
	t.Helper()
	nginx, folder, address := program(t, "nginx"), t.TempDir(), freeport.Address(t)
	write(t, folder, "portico.conf", s.filled(t, "nginx/portico.conf.template", map[string]string{
		"LISTEN": address, "PORTICO_GATE": s.gate, "UPSTREAM": s.upstream}))
	write(t, folder, "portico.guard.conf", s.filled(t, "nginx/portico.guard.conf", nil))
	write(t, folder, "portico.token.conf", strings.ReplaceAll(s.filled(t, "nginx/portico.token.conf.example", nil), "put-the-token-here", s.token))
	main := write(t, folder, "nginx.conf", `daemon off; master_process off; pid nginx.pid; error_log stderr;
		events {}
		http {
			access_log off;
			client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
			include portico.conf;
		}`)
	run(t, folder, address, nil, nginx, "-e", "stderr", "-p", folder, "-c", main)
	return address
}

func startCaddy(t *testing.T, s setup) string {
	t.Helper()
	caddy, folder, address := program(t, "caddy"), t.TempDir(), freeport.Address(t)
	run(t, folder, address, environment(s, "http://"+address), caddy, "run", "--config", write(t, folder, "Caddyfile", s.text(t, "caddy/Caddyfile")), "--adapter", "caddyfile")
	return address
}

func startHAProxy(t *testing.T, s setup) string {
	t.Helper()
	haproxy, folder, address := program(t, "haproxy"), t.TempDir(), freeport.Address(t)
	run(t, folder, address, append(environment(s, address), "PORTICO_LUA="+deployFile(t, "haproxy/portico.lua")),
		haproxy, "-db", "-f", write(t, folder, "haproxy.cfg", s.text(t, "haproxy/haproxy.cfg")))
	return address
}

func environment(s setup, listen string) []string {
	return []string{"PORTICO_GATE=" + s.gate, "PORTICO_GATEWAY_TOKEN=" + s.token, "UPSTREAM=" + s.upstream, "LISTEN=" + listen}
}

// deployFile returns the path of a file of deploy/gateways.
func deployFile(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs("../../deploy/gateways/" + name)
	require.NoError(t, err)
	_, err = os.Stat(path)
	require.NoError(t, err)
	return path
}

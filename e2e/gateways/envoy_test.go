package gateways

import (
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	service "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	matcher "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
)

// standIn applies the configuration in deploy/gateways as Envoy's documentation describes,
// since Debian has no package of Envoy: it calls the real Portico by the published gRPC
// client, as configured.
type standIn struct {
	config *envoyConfig
	client service.AuthorizationClient
	proxy  http.Handler
	// products by route
	products map[*route.Route]string
}

func startEnvoy(t *testing.T, s setup) string {
	t.Helper()
	e := &standIn{config: readEnvoyConfig(t, s, "127.0.0.1:1"), products: map[*route.Route]string{}}
	conn, err := grpc.NewClient("passthrough:///"+e.config.clusters["portico"], grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	e.client = service.NewAuthorizationClient(conn)
	e.proxy = httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: e.config.clusters["api"]})
	for _, r := range e.config.host.GetRoutes() {
		e.products[r] = e.config.product(t, r)
	}
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// ServeHTTP applies the early header mutation, the route, the filter ext_authz and the
// router to a call.
func (e *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if upgrade := strings.Join(r.Header["Upgrade"], ","); upgrade != "" && !e.upgrades(upgrade) {
		http.Error(w, "", http.StatusForbidden)
		return
	} else if upgrade == "" { // as Envoy does with every call, whatever is configured
		for name := range strings.SplitSeq(strings.Join(r.Header["Connection"], ","), ",") {
			r.Header.Del(strings.TrimSpace(name))
		}
		r.Header.Del("Connection")
	}
	if e.config.manager.GetCommonHttpProtocolOptions().GetHeadersWithUnderscoresAction() == core.HttpProtocolOptions_DROP_HEADER {
		maps.DeleteFunc(r.Header, func(name string, _ []string) bool { return strings.Contains(name, "_") })
	}
	for _, name := range e.config.removes {
		r.Header.Del(name)
	}
	if regexp.MustCompile(`(?i)%2f|%5c|\\`).MatchString(r.URL.EscapedPath()) {
		http.Error(w, "", http.StatusBadRequest) // path_with_escaped_slashes_action
		return
	}
	to := e.routeOf(r)
	switch {
	case to == nil:
		http.NotFound(w, r)
		return
	case to.GetDirectResponse() != nil:
		w.WriteHeader(int(to.GetDirectResponse().GetStatus()))
		return
	case e.products[to] == "":
		for _, name := range append(to.GetRequestHeadersToRemove(), e.config.host.GetRequestHeadersToRemove()...) {
			r.Header.Del(name)
		}
		e.proxy.ServeHTTP(w, r)
		return
	}
	answer, err := e.check(r, to)
	if err != nil {
		w.WriteHeader(int(e.config.filter.GetStatusOnError().GetCode()))
		return
	}
	if denied := answer.GetDeniedResponse(); answer.GetStatus().GetCode() != int32(codes.OK) {
		set(w.Header(), denied.GetHeaders())
		w.WriteHeader(int(denied.GetStatus().GetCode()))
		_, _ = w.Write([]byte(denied.GetBody()))
		return
	}
	ok := answer.GetOkResponse()
	for _, name := range ok.GetHeadersToRemove() {
		r.Header.Del(name)
	}
	set(r.Header, ok.GetHeaders())
	set(w.Header(), ok.GetResponseHeadersToAdd())
	for _, name := range e.config.host.GetRequestHeadersToRemove() {
		r.Header.Del(name)
	}
	e.proxy.ServeHTTP(w, r)
}

func (e *standIn) upgrades(to string) bool {
	return slices.ContainsFunc(e.config.manager.GetUpgradeConfigs(), func(c *hcm.HttpConnectionManager_UpgradeConfig) bool {
		return strings.EqualFold(c.GetUpgradeType(), to)
	})
}

func (e *standIn) routeOf(r *http.Request) *route.Route {
	target, _, _ := strings.Cut(r.RequestURI, "?")
	for _, to := range e.config.host.GetRoutes() {
		prefix := to.GetMatch().GetPathSeparatedPrefix()
		if (target == prefix || strings.HasPrefix(target, prefix+"/") || prefix == "") && !slices.ContainsFunc(to.GetMatch().GetHeaders(), func(m *route.HeaderMatcher) bool { return !matches(m, r) }) {
			return to
		}
	}
	return nil
}

// matches reports whether a request matches a route's condition on a header.
func matches(m *route.HeaderMatcher, r *http.Request) bool {
	value := r.Header.Get(m.GetName())
	switch m.GetName() {
	case ":path":
		value = r.RequestURI
	case ":method":
		value = r.Method
	}
	switch s := m.GetStringMatch(); {
	case s.GetSafeRegex() != nil:
		return regexp.MustCompile("^(?:"+s.GetSafeRegex().GetRegex()+")$").MatchString(value) != m.GetInvertMatch()
	case s != nil:
		return (s.GetExact() == value) != m.GetInvertMatch()
	}
	return (value != "") == m.GetPresentMatch()
}

// check calls Portico as the filter is configured.
func (e *standIn) check(r *http.Request, to *route.Route) (*service.CheckResponse, error) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return nil, err
	}
	grpcService := e.config.filter.GetGrpcService()
	ctx := r.Context()
	for _, m := range grpcService.GetInitialMetadata() {
		ctx = metadata.AppendToOutgoingContext(ctx, m.GetKey(), m.GetValue())
	}
	headers := map[string]string{}
	for name, values := range r.Header {
		allowed := slices.ContainsFunc(e.config.filter.GetAllowedHeaders().GetPatterns(), func(p *matcher.StringMatcher) bool {
			if p.GetSafeRegex() != nil {
				return regexp.MustCompile("^(?:" + p.GetSafeRegex().GetRegex() + ")$").MatchString(strings.ToLower(name))
			}
			return p.GetExact() == strings.ToLower(name)
		})
		if allowed {
			headers[strings.ToLower(name)] = strings.Join(values, ",")
		}
	}
	return e.client.Check(ctx, &service.CheckRequest{Attributes: &service.AttributeContext{
		Source: &service.AttributeContext_Peer{Address: &core.Address{Address: &core.Address_SocketAddress{SocketAddress: &core.SocketAddress{Address: host}}}},
		Request: &service.AttributeContext_Request{Http: &service.AttributeContext_HttpRequest{
			Method: r.Method, Path: r.URL.RequestURI(), Host: r.Host, Headers: headers}},
		ContextExtensions: map[string]string{"product": e.products[to]},
	}})
}

// set sets header fields as Portico's response requests: existing ones are replaced.
func set(h http.Header, options []*core.HeaderValueOption) {
	for _, o := range options {
		h.Set(o.GetHeader().GetKey(), o.GetHeader().GetValue())
	}
}

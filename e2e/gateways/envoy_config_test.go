package gateways

import (
	"encoding/json"
	"net"
	"slices"
	"strings"
	"testing"

	bootstrap "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	authz "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_authz/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3" // registers its type
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	early "github.com/envoyproxy/go-control-plane/envoy/extensions/http/early_header_mutation/header_mutation/v3"
	upstreams "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// envoyConfig is the content of the configuration in deploy/gateways.
type envoyConfig struct {
	listen   string
	clusters map[string]string // addresses by name
	manager  *hcm.HttpConnectionManager
	host     *route.VirtualHost
	removes  []string // headers of the caller, removed first
	filter   *authz.ExtAuthz
}

const (
	authzFilter  = "envoy.filters.http.ext_authz"
	httpProtocol = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
)

// readEnvoyConfig parses the configuration with Envoy's published types: an unknown name,
// or a value that its rules forbid, fails.
func readEnvoyConfig(t *testing.T, s setup, listen string) *envoyConfig {
	t.Helper()
	values := map[string]string{"PORTICO_GATEWAY_TOKEN": s.token}
	for name, address := range map[string]string{"LISTEN": listen, "GATE": s.gate, "UPSTREAM": s.upstream} {
		host, port, err := net.SplitHostPort(address)
		require.NoError(t, err)
		values[name+"_HOST"], values[name+"_PORT"] = host, port
	}
	var plain any
	require.NoError(t, yaml.Unmarshal([]byte(s.filled(t, "envoy/envoy.yaml", values)), &plain))
	text, err := json.Marshal(plain)
	require.NoError(t, err)
	var b bootstrap.Bootstrap
	require.NoError(t, protojson.Unmarshal(text, &b))
	require.NoError(t, b.ValidateAll())
	require.Nil(t, b.GetAdmin(), "the admin interface would show the token")

	c := &envoyConfig{clusters: map[string]string{}, manager: &hcm.HttpConnectionManager{}, filter: &authz.ExtAuthz{}}
	listeners := b.GetStaticResources().GetListeners()
	require.Len(t, listeners, 1)
	at := listeners[0].GetAddress().GetSocketAddress()
	c.listen = net.JoinHostPort(at.GetAddress(), jsonNumber(t, at.GetPortValue()))
	unpack(t, listeners[0].GetFilterChains()[0].GetFilters()[0].GetTypedConfig(), c.manager)
	require.Len(t, c.manager.GetRouteConfig().GetVirtualHosts(), 1)
	c.host = c.manager.GetRouteConfig().GetVirtualHosts()[0]
	for _, extension := range c.manager.GetEarlyHeaderMutationExtensions() {
		var mutation early.HeaderMutation
		unpack(t, extension.GetTypedConfig(), &mutation)
		for _, m := range mutation.GetMutations() {
			c.removes = append(c.removes, m.GetRemove())
		}
	}
	filters := c.manager.GetHttpFilters()
	require.Len(t, filters, 2)
	require.Equal(t, authzFilter, filters[0].GetName())
	unpack(t, filters[0].GetTypedConfig(), c.filter)
	for _, cluster := range b.GetStaticResources().GetClusters() {
		at := cluster.GetLoadAssignment().GetEndpoints()[0].GetLbEndpoints()[0].GetEndpoint().GetAddress().GetSocketAddress()
		c.clusters[cluster.GetName()] = net.JoinHostPort(at.GetAddress(), jsonNumber(t, at.GetPortValue()))
		if cluster.GetName() == c.filter.GetGrpcService().GetEnvoyGrpc().GetClusterName() {
			var options upstreams.HttpProtocolOptions
			unpack(t, cluster.GetTypedExtensionProtocolOptions()[httpProtocol], &options)
			require.NotNil(t, options.GetExplicitHttpConfig().GetHttp2ProtocolOptions(), "gRPC is HTTP/2")
		}
	}
	return c
}

// unpack parses an extension's configuration and validates it by its rules.
func unpack[M interface {
	proto.Message
	ValidateAll() error
}](t *testing.T, from *anypb.Any, into M) {
	t.Helper()
	require.NotNil(t, from)
	require.NoError(t, from.UnmarshalTo(into))
	require.NoError(t, into.ValidateAll())
}

func jsonNumber(t *testing.T, n uint32) string {
	t.Helper()
	text, err := json.Marshal(n)
	require.NoError(t, err)
	return string(text)
}

func TestEnvoyConfiguration(t *testing.T) {
	t.Parallel()
	s := setup{gate: "127.0.0.1:8081", token: "the token", upstream: "127.0.0.1:9000"}
	c := readEnvoyConfig(t, s, "0.0.0.0:8080")
	require.Equal(t, "0.0.0.0:8080", c.listen)
	require.Equal(t, map[string]string{"portico": s.gate, "api": s.upstream}, c.clusters)
	require.False(t, c.filter.GetFailureModeAllow())
	require.EqualValues(t, 503, c.filter.GetStatusOnError().GetCode())
	metadata := c.filter.GetGrpcService().GetInitialMetadata()
	require.Len(t, metadata, 1)
	require.Equal(t, "x-portico-gateway-token", metadata[0].GetKey())
	require.Equal(t, s.token, metadata[0].GetValue())
	products := map[string]string{}
	for _, r := range c.host.GetRoutes() {
		if r.GetDirectResponse() == nil {
			products[r.GetMatch().GetPathSeparatedPrefix()] = c.product(t, r)
		}
	}
	require.Equal(t, map[string]string{"/rates": "currency-rates", "/places": "geocoding"}, products)
	require.False(t, c.manager.GetNormalizePath().GetValue(), "what is unclear is refused, not guessed")
	require.Len(t, c.manager.GetUpgradeConfigs(), 1)
	require.Equal(t, "websocket", c.manager.GetUpgradeConfigs()[0].GetUpgradeType())
	require.Equal(t, hcm.HttpConnectionManager_REJECT_REQUEST, c.manager.GetPathWithEscapedSlashesAction())
	require.Equal(t, core.HttpProtocolOptions_DROP_HEADER, c.manager.GetCommonHttpProtocolOptions().GetHeadersWithUnderscoresAction())
	hops := []string{"http2-settings", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer"}
	for _, name := range c.removes {
		if slices.Contains(hops, name) {
			continue
		}
		require.True(t, strings.HasPrefix(name, "x-portico-") && name != "x-portico-app", name)
	}
}

// product returns the product that a route passes to Portico.
func (c *envoyConfig) product(t *testing.T, r *route.Route) string {
	t.Helper()
	var settings authz.ExtAuthzPerRoute
	unpack(t, r.GetTypedPerFilterConfig()[authzFilter], &settings)
	return settings.GetCheckSettings().GetContextExtensions()["product"]
}

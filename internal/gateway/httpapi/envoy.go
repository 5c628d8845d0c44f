package httpapi

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authz "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	envoytype "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"portico/clients/go/gate/headername"
	"portico/clients/go/gate/keyheader"
	"portico/clients/go/gate/verdict"
	"portico/internal/fault"
	"portico/internal/gateway"
	"portico/internal/jsonbody"
)

// maxCheckBytes is enough for the headers of a call and a part of its body.
const maxCheckBytes = 1 << 20

// envoy implements the service envoy.service.auth.v3.Authorization.
type envoy struct {
	authz.UnimplementedAuthorizationServer
	handler *Handler
}

// newEnvoy returns a gRPC server to be served through its ServeHTTP. A panic
// becomes the code Internal.
func newEnvoy(d *Handler) *grpc.Server {
	unbroken := func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (answer any, err error) {
		defer func() {
			if p := recover(); p != nil {
				d.logPanic(ctx, p)
				answer, err = nil, status.Error(codes.Internal, fault.From(nil).Message)
			}
		}()
		return handle(ctx, request)
	}
	s := grpc.NewServer(grpc.UnaryInterceptor(unbroken), grpc.MaxRecvMsgSize(maxCheckBytes))
	authz.RegisterAuthorizationServer(s, &envoy{handler: d})
	return s
}

// Check answers whether a call may pass. It returns an error only if the gateway's
// token is invalid or cannot be checked; a verdict, even UNAVAILABLE, is an
// answer.
func (e *envoy) Check(ctx context.Context, r *authz.CheckRequest) (*authz.CheckResponse, error) {
	d := e.handler
	tokens := metadata.ValueFromIncomingContext(ctx, "x-portico-gateway-token")
	c, no := d.verifyToken(ctx, tokens)
	if no != nil {
		return nil, status.Error(codeOf(no), no.Message)
	}
	k := d.begin()
	defer d.end(k)
	q := &k.question
	if bad := readCheck(q, r.GetAttributes()); bad != nil {
		return deniedResponse(http.StatusBadRequest, problemBody(http.StatusBadRequest, codeInvalid, bad.String()), nil), nil
	}
	d.Verifier.Verify(ctx, c, q, &k.verdict)
	set := headerSet{buffer: k.buffer[:0]}
	d.describeVerdict(&set, c, &k.verdict, q)
	k.buffer = set.buffer
	if k.verdict.Code == verdict.Valid {
		return okResponse(&set, r.GetAttributes().GetRequest().GetHttp()), nil
	}
	refused := &d.refusals[k.verdict.Code]
	return deniedResponse(refused.status, refused.body, options(&set, anyHeader)), nil
}

// refuseCheck answers a gateway whose token is not valid, before its request is
// read.
func refuseCheck(w http.ResponseWriter, no *fault.Error) {
	h := w.Header()
	h.Set("Content-Type", "application/grpc")
	w.WriteHeader(http.StatusOK)
	h.Set(http.TrailerPrefix+"Grpc-Status", strconv.Itoa(int(codeOf(no))))
	h.Set(http.TrailerPrefix+"Grpc-Message", no.Message)
}

func codeOf(no *fault.Error) codes.Code {
	switch no.Code {
	case fault.CodeUnauthenticated:
		return codes.Unauthenticated
	case fault.CodeRateLimited:
		return codes.ResourceExhausted
	default:
		return codes.Unavailable
	}
}

// readCheck reads the question from Envoy's description of a call. Envoy's
// configuration (context_extensions) takes precedence over what the caller sends.
func readCheck(q *gateway.Request, a *authz.AttributeContext) *jsonbody.Mistake {
	call := a.GetRequest().GetHttp()
	h := headersOf(call)
	setKey(q, keyheader.Read(h["Authorization"], h["X-Api-Key"]))
	q.NeedsProduct = true
	set := a.GetContextExtensions()
	pick := func(extension, header string) []string {
		if v, ok := set[extension]; ok {
			return []string{v}
		}
		return h[header]
	}
	var bad [3]*jsonbody.Mistake
	q.Product, bad[0] = single(pick("product", "X-Portico-Product"), "product")
	q.App, bad[1] = single(pick("app", "X-Portico-App"), "app")
	q.Cost, bad[2] = readCost(pick("cost", "X-Portico-Cost"))
	for _, b := range bad {
		if b != nil {
			return b
		}
	}
	q.Method, q.Path = call.GetMethod(), call.GetPath()
	q.Address = sourceOf(a)
	if set["trust_forwarded_for"] == "true" {
		q.Address = forwardedFor(h["X-Forwarded-For"], q.Address)
	}
	return nil
}

// headersOf returns the headers that the handlers read, under their canonical
// names. Envoy sends headers raw, or as a map in which duplicates are joined by
// commas.
func headersOf(call *authz.AttributeContext_HttpRequest) http.Header {
	h := make(http.Header, 6)
	for name, value := range call.GetHeaders() {
		note(h, name, value)
	}
	for _, raw := range call.GetHeaderMap().GetHeaders() {
		value := raw.GetValue()
		if len(raw.GetRawValue()) > 0 {
			value = string(raw.GetRawValue())
		}
		note(h, raw.GetKey(), value)
	}
	return h
}

func note(h http.Header, name, value string) {
	switch canonical := http.CanonicalHeaderKey(name); canonical {
	case "Authorization", "X-Api-Key", "X-Portico-Product", "X-Portico-App", "X-Portico-Cost", "X-Forwarded-For":
		h[canonical] = append(h[canonical], value)
	}
}

// sourceOf returns the address that Envoy takes for the caller's.
func sourceOf(a *authz.AttributeContext) netip.Addr {
	address, err := netip.ParseAddr(a.GetSource().GetAddress().GetSocketAddress().GetAddress())
	if err != nil {
		return netip.Addr{} // a Unix socket: inside no network
	}
	return address.Unmap().WithZone("")
}

// forwardedFor returns the last address in X-Forwarded-For that is not the peer's
// own: the one that the proxy before Envoy saw. Those further left can be written
// by any caller.
func forwardedFor(values []string, peer netip.Addr) netip.Addr {
	hops := strings.Split(strings.Join(values, ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		address, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		if address = address.Unmap().WithZone(""); address != peer {
			return address
		}
	}
	return peer
}

// okResponse lets a call pass. Headers under Portico's names that the caller sent
// are overwritten or removed, even if Envoy did not show them.
func okResponse(set *headerSet, call *authz.AttributeContext_HttpRequest) *authz.CheckResponse {
	var remove []string
	drop := func(name string) {
		if !set.has(http.CanonicalHeaderKey(name)) && !slices.Contains(remove, name) {
			remove = append(remove, name)
		}
	}
	for _, name := range upstreamHeaders() {
		drop(strings.ToLower(name))
	}
	for name := range call.GetHeaders() {
		if headername.ReadsAsOurs(name) {
			drop(strings.ToLower(name))
		}
	}
	for _, raw := range call.GetHeaderMap().GetHeaders() {
		if headername.ReadsAsOurs(raw.GetKey()) {
			drop(strings.ToLower(raw.GetKey()))
		}
	}
	return &authz.CheckResponse{
		Status: &rpcstatus.Status{Code: int32(codes.OK)},
		HttpResponse: &authz.CheckResponse_OkResponse{OkResponse: &authz.OkHttpResponse{
			Headers:              options(set, isPorticoHeader),
			HeadersToRemove:      remove,
			ResponseHeadersToAdd: options(set, func(name string) bool { return !isPorticoHeader(name) }),
		}},
	}
}

// deniedResponse refuses a call.
func deniedResponse(code int, body []byte, headers []*core.HeaderValueOption) *authz.CheckResponse {
	headers = append(headers, option("content-type", "application/problem+json"), option("cache-control", "no-store"))
	return &authz.CheckResponse{
		Status: &rpcstatus.Status{Code: int32(rpcCode(code))},
		HttpResponse: &authz.CheckResponse_DeniedResponse{DeniedResponse: &authz.DeniedHttpResponse{
			Status:  &envoytype.HttpStatus{Code: envoytype.StatusCode(code)},
			Headers: headers,
			Body:    string(body),
		}},
	}
}

func rpcCode(httpStatus int) codes.Code {
	switch httpStatus {
	case http.StatusBadRequest:
		return codes.InvalidArgument
	case http.StatusUnauthorized:
		return codes.Unauthenticated
	case http.StatusTooManyRequests:
		return codes.ResourceExhausted
	case http.StatusServiceUnavailable:
		return codes.Unavailable
	default:
		return codes.PermissionDenied
	}
}

func isPorticoHeader(name string) bool { return strings.HasPrefix(name, "X-Portico-") }

func anyHeader(string) bool { return true }

// options returns the fields of a set as Envoy's options.
func options(set *headerSet, which func(name string) bool) (out []*core.HeaderValueOption) {
	for i, value := range set.values() {
		if which(set.names[i]) {
			out = append(out, option(strings.ToLower(set.names[i]), value))
		}
	}
	return out
}

func option(name, value string) *core.HeaderValueOption {
	return &core.HeaderValueOption{
		Header:       &core.HeaderValue{Key: name, Value: value},
		AppendAction: core.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
	}
}

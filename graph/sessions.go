package graph

import (
	"context"
	"slices"

	"portico/graph/model"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/nodeid"
	"portico/internal/viewer"
)

// signIn begins a session. In a browser it takes the place of the one that the cookie is
// of, which nobody could refresh or end any more.
func (r *Resolver) signIn(ctx context.Context, in identity.SignInInput) (identity.SignedIn, error) {
	return r.replaceSession(ctx, func() (identity.SignedIn, error) { return r.Portal.Identity.SignIn(ctx, in) })
}

// completeSignIn begins a session, as signIn does.
func (r *Resolver) completeSignIn(ctx context.Context, in identity.CompleteSignInInput) (identity.SignedIn, error) {
	return r.replaceSession(ctx, func() (identity.SignedIn, error) { return r.Portal.Identity.CompleteSignIn(ctx, in) })
}

// replaceSession begins a session by begin, unless the second factor is still to come.
func (r *Resolver) replaceSession(ctx context.Context, begin func() (identity.SignedIn, error)) (identity.SignedIn, error) {
	before, _ := r.Refresh.Presented(ctx)
	signedIn, err := begin()
	if err != nil || signedIn.Challenge != nil {
		return signedIn, err
	}
	r.Devices.Remember(ctx, signedIn.DeviceToken)
	if before != "" {
		_, _ = r.Portal.Identity.SignOut(ctx, identity.SignOutInput{RefreshToken: &before}) // else it expires
	}
	return signedIn, nil
}

// refreshToken returns the refresh token for the answer's body; nil if there is none, or
// if it is in the cookie.
func refreshToken(ctx context.Context, cookie RefreshTokens, s identity.SignedIn) *string {
	if s.RefreshToken == "" || cookie.Keep(ctx, s.RefreshToken, s.SessionExpiresAt) {
		return nil
	}
	return &s.RefreshToken
}

// refreshSession renews a session. If its token cannot be used, the cookie is removed.
func (r *Resolver) refreshSession(ctx context.Context, sent *string) (identity.SignedIn, error) {
	token, withCookie := r.Refresh.Presented(ctx)
	switch {
	case sent != nil:
		token = *sent
	case !withCookie:
		return identity.SignedIn{}, fault.Input(fault.Required, "refreshToken", "Send the refresh token, or ask where it is in the cookie: at /session/graphql.")
	case token == "":
		return identity.SignedIn{}, notSignedIn()
	}
	renewed, err := r.Portal.Identity.RefreshSession(ctx, token)
	if fault.Is(err, fault.CodeUnauthenticated) && sent == nil {
		r.Refresh.Clear(ctx)
	}
	return renewed, err
}

// signOut ends sessions, and removes the cookie if it is of one of them.
func (r *Resolver) signOut(ctx context.Context, in identity.SignOutInput) (*model.SignOutPayload, error) {
	v := viewer.Current(ctx)
	own := in.RefreshToken == nil && in.SessionID == nil
	if own && !v.SignedIn() && !in.Everywhere {
		token, _ := r.Refresh.Presented(ctx)
		in.RefreshToken = text(token)
	}
	ended, err := r.Portal.Identity.SignOut(ctx, in)
	if token, _ := r.Refresh.Presented(ctx); err == nil && own && in.RefreshToken == nil && token != "" {
		// The cookie may be of another session, which nobody could refresh or end any more.
		also, _ := r.Portal.Identity.SignOut(ctx, identity.SignOutInput{RefreshToken: &token})
		ended = append(ended, also...)
	}
	errs, err := problems(err)
	out := &model.SignOutPayload{EndedSessionIds: []string{}, UserErrors: errs}
	for _, id := range ended {
		out.EndedSessionIds = append(out.EndedSessionIds, nodeid.Encode(nodeid.Session, id))
	}
	// What the cookie is good for is over, also where nobody was signed in any more.
	if fault.Is(err, fault.CodeUnauthenticated) || err == nil && (own || slices.Contains(ended, v.SessionID)) {
		r.Refresh.Clear(ctx)
	}
	return out, err
}

package oidc

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/oauth2"
)

// Sent is what a browser was sent to a provider with, and what must fit when it comes back.
type Sent struct {
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"` // PKCE (RFC 7636)
	// Redirect is where the provider sends the browser back to.
	Redirect string `json:"redirect"`
}

// NewSent returns what another sign-in begins with.
func NewSent(redirect string) Sent {
	return Sent{State: oauth2.GenerateVerifier(), Nonce: oauth2.GenerateVerifier(), Verifier: oauth2.GenerateVerifier(), Redirect: redirect}
}

// StartURL returns where to send a browser to sign in.
func (c *Client) StartURL(ctx context.Context, p Provider, s Sent) (string, error) {
	meta, err := c.source(p.Issuer).addresses(ctx)
	if err != nil {
		return "", err
	}
	if meta.Authorization == "" || meta.Token == "" {
		return "", errUnavailable(errors.New("it has no code flow"))
	}
	return flow(p, meta, s.Redirect).AuthCodeURL(s.State, oauth2.S256ChallengeOption(s.Verifier), oauth2.SetAuthURLParam("nonce", s.Nonce)), nil
}

// Redeem exchanges the code with which a browser has come back, and returns what the
// provider says of the person: in the ID token, and at its userinfo endpoint if it has
// one. issuer is the parameter iss of the browser's request.
func (c *Client) Redeem(ctx context.Context, p Provider, s Sent, code, issuer string) (Claims, error) {
	meta, err := c.source(p.Issuer).addresses(ctx)
	if err != nil {
		return Claims{}, err
	}
	if issuer != "" && issuer != p.Issuer || issuer == "" && meta.NamesItself {
		return Claims{}, invalid("the code is of another provider")
	}
	token, err := flow(p, meta, s.Redirect).Exchange(context.WithValue(ctx, oauth2.HTTPClient, c.http), code, oauth2.VerifierOption(s.Verifier))
	var refused *oauth2.RetrieveError
	switch {
	case errors.As(err, &refused) && refused.ErrorCode == "invalid_grant":
		return Claims{}, invalid("the code is refused")
	case refused != nil: // such as invalid_client: the settings are wrong, and nobody can sign in
		return Claims{}, errUnavailable(fmt.Errorf("it does not redeem the code: %s %.100q", refused.Response.Status, refused.ErrorCode))
	case err != nil:
		return Claims{}, errUnavailable(fmt.Errorf("it does not redeem the code: %w", err))
	}
	id, _ := token.Extra("id_token").(string)
	claims, err := c.verifyID(ctx, p, id, s.Nonce)
	if err != nil || meta.UserInfo == "" {
		return claims, err
	}
	var body []byte
	if err := c.get(ctx, meta.UserInfo, token.AccessToken, &body); err != nil {
		return Claims{}, errUnavailable(err)
	}
	var more map[string]any
	if err := readClaims(body, &more); err != nil {
		return Claims{}, errUnavailable(errors.New(meta.UserInfo + " answers what is not its JSON"))
	}
	if more["sub"] != claims.All["sub"] {
		return Claims{}, invalid("the userinfo is of another person")
	}
	maps.Copy(more, claims.All) // what is signed counts
	claims.All = more
	return claims, nil
}

// flow returns the code flow of a provider.
func flow(p Provider, meta metadata, redirect string) *oauth2.Config {
	style := oauth2.AuthStyleInHeader // the default of OpenID Connect
	if p.ClientSecret == "" || len(meta.AuthMethods) > 0 && !slices.Contains(meta.AuthMethods, "client_secret_basic") {
		style = oauth2.AuthStyleInParams
	}
	return &oauth2.Config{
		ClientID: p.ClientID, ClientSecret: p.ClientSecret, RedirectURL: redirect, Scopes: p.Scopes,
		Endpoint: oauth2.Endpoint{AuthURL: meta.Authorization, TokenURL: meta.Token, AuthStyle: style},
	}
}

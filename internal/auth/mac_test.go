package auth

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/address"
	"portico/internal/apikey"
	"portico/internal/clock"
	"portico/internal/identity"
	"portico/internal/keyring"
	"portico/internal/paging"
)

// labels are the purposes of the hashes under a pepper, but for API keys.
func labels() []string {
	return []string{
		"machine token", "letter link", "sign-in device token", "sign-in device", "sign-in session", "sign-in known",
		"sign-in family", "sign-in pair", "sign-in address", "sign-in client", "sign-in elsewhere pair", "sign-in elsewhere", "sign-in elsewhere device",
		"sign-in elsewhere known", "sign-in elsewhere client", "reset pair", "reset address", "reset client", "portico fingerprint",
	}
}

// No two purposes have the same hash of the same text under the same key, nor
// does the end of a purpose's name become the beginning of a text.
func TestPurposesHaveDistinctHashes(t *testing.T) {
	key := keyring.ForTest().Current(keyring.Pepper)
	for _, text := range []string{"", "a", "a@b.example", " token", "pgw_1", "\x00"} {
		seen := map[string]string{}
		note := func(purpose string, sum []byte) {
			t.Helper()
			name := hex.EncodeToString(sum[:16]) // a cursor's is no longer
			require.Empty(t, seen[name], "%s of %q", purpose, text)
			seen[name] = purpose
		}
		for _, label := range labels() {
			note(label, mac(key, label, text))
			for cut := range label {
				note(label+", cut", mac(key, label[:cut], label[cut:]+text))
			}
		}
		cursor, err := base64.RawURLEncoding.DecodeString(paging.Seal(paging.Key{ID: key.ID, Secret: key.Secret}, "apps", paging.Place{Value: text}))
		require.NoError(t, err)
		note("cursor", cursor)
	}
	for _, use := range keyring.Uses() {
		want := mac(key, "portico fingerprint", string(use)+"\x00"+key.ID)
		require.Equal(t, hex.EncodeToString(want), key.Fingerprint(use), "it is of the same kind, under a label of its own")
	}
}

// The hash of an API key is the only one without a label: of the 32 bytes of
// two random UUIDs, whose ninth byte is never a letter. Every label is longer
// than that, and of letters.
func TestNoLabelBeginsLikeAnAPIKey(t *testing.T) {
	for _, label := range labels() {
		require.Greater(t, len(label), 8)
		require.Less(t, label[8], byte(0x80), label)
		require.NotContains(t, label, "\x00")
	}
	for range 50 {
		s, err := apikey.Mint("ptk")
		require.NoError(t, err)
		require.GreaterOrEqual(t, s.Username[8], byte(0x80))
	}
}

// The bucket names for one address, client and identity are all different, and so
// are the stored hash of a service token and the MAC of a device token.
func TestBucketNamesAreLabelled(t *testing.T) {
	ring := keyring.ForTest()
	key := ring.Current(keyring.Pepper)
	l := NewLimiter(nil, ring, clock.System{})
	e, session := address.ParseEmail(email), user
	token := l.devices.Issue(e, user, nil)
	id := strings.Split(token, ".")[1]
	client := address.ClientNetwork("192.0.2.1")
	want := map[string]string{} // the name of a bucket, and what it counts
	for label, text := range map[string]string{
		"sign-in pair": email + " " + client, "sign-in address": email, "sign-in client": client,
		"sign-in device": email + " " + user.String() + " " + id, "sign-in session": email + " " + session.String(), "sign-in known": email + " " + user.String(),
		"sign-in elsewhere pair": user.String() + " " + client, "sign-in elsewhere": user.String(), "sign-in elsewhere client": client,
		"sign-in elsewhere device": user.String() + " " + id, "sign-in elsewhere known": user.String(),
	} {
		name := hex.EncodeToString(mac(key, label, text))
		switch label {
		case "sign-in pair", "sign-in device", "sign-in session": // are found by what they begin with
			name = hex.EncodeToString(mac(key, "sign-in family", email))[:32] + name
		}
		want[name] = label
	}
	require.Len(t, want, 11)
	got := map[string]string{}
	for _, g := range []identity.Guess{
		{Address: e, Client: "192.0.2.1"}, {Address: e, Client: "192.0.2.1", Users: []uuid.UUID{user}, Devices: []string{token}}, {Address: e, Client: "192.0.2.1", Session: session},
		{Address: e, Client: "192.0.2.1", Users: []uuid.UUID{user}, NoOrganization: true}, {Address: e, Users: []uuid.UUID{user}, Devices: []string{token}, NoOrganization: true},
	} {
		for _, b := range l.buckets(g) {
			got[b.name] = want[b.name]
		}
	}
	require.Equal(t, want, got)

	require.Equal(t, append([]byte("p1:"), mac(key, "machine token", "pgw_x")...), hashMachine(key, "pgw_x"))
	body := token[:strings.LastIndexByte(token, '.')]
	require.Equal(t, body+"."+base64.RawURLEncoding.EncodeToString(mac(key, "sign-in device token", email+"\x00"+user.String()+"\x00"+body)), token)
}

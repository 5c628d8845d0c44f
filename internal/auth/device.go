package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"portico/internal/address"
	"portico/internal/clock"
	"portico/internal/keyring"
)

const (
	// DeviceLife is how long a device is known after its last sign-in.
	DeviceLife = 180 * 24 * time.Hour
	// maxDevices is how many tokens of a request are checked, and how many a
	// cookie contains: one for each person who signs in on a device.
	maxDevices = 5
	// maxDeviceTokenBytes is longer than any token.
	maxDeviceTokenBytes = 256
	deviceIDBytes       = 16
)

// Devices recognizes the devices that have signed in before by the tokens
// issued to them (OWASP's device cookies). A token is bound to the folded
// address and to the user who signed in, and keyed with a pepper of the ring: a
// device of a namesake in another organization is not known. A token
// authenticates no one: it only makes a device's failures count separately from
// those of unknown clients.
type Devices struct {
	ring  *keyring.Ring
	clock clock.Clock
}

// NewDevices returns Devices that use the ring's peppers.
func NewDevices(ring *keyring.Ring, c clock.Clock) *Devices { return &Devices{ring, c} }

// Issue returns a token for a device on which the user has just signed in. A
// device that presented a valid token keeps its identity, so that signing in
// does not start a new count.
func (d *Devices) Issue(e address.Email, user uuid.UUID, presented []string) string {
	id, ok := d.identify(e, user, presented)
	if !ok {
		random := make([]byte, deviceIDBytes)
		_, _ = rand.Read(random) // it never fails: it ends the program instead
		id = hex.EncodeToString(random)
	}
	return deviceToken(d.ring.Current(keyring.Pepper), e, user, id, d.clock.Now().Unix())
}

// identify returns the identity of the device that presented the tokens, if one
// of them was issued for this user.
func (d *Devices) identify(e address.Email, user uuid.UUID, presented []string) (id string, ok bool) {
	if !e.Valid() {
		return "", false
	}
	for _, token := range presented[:min(len(presented), maxDevices)] {
		if id, ok = d.parse(e, user, token); ok {
			return id, true
		}
	}
	return "", false
}

// parse returns the identity in a token. It builds the token anew and compares,
// so that each token has exactly one spelling.
func (d *Devices) parse(e address.Email, user uuid.UUID, token string) (id string, ok bool) {
	parts := strings.Split(token, ".")
	if len(token) > maxDeviceTokenBytes || len(parts) != 4 { //nolint:mnd // see deviceToken
		return "", false
	}
	pepper, ok := d.ring.Lookup(keyring.Pepper, parts[0])
	at, err := strconv.ParseInt(parts[2], 10, 64)
	if !ok || err != nil || !hmac.Equal([]byte(deviceToken(pepper, e, user, parts[1], at)), []byte(token)) {
		return "", false
	}
	if age := d.clock.Now().Sub(time.Unix(at, 0)); age < -skew || age >= DeviceLife {
		return "", false
	}
	return parts[1], true
}

// deviceToken returns a token: the pepper's id, the device's id, the time of
// the sign-in, and the MAC of these.
func deviceToken(pepper keyring.Key, e address.Email, user uuid.UUID, id string, at int64) string {
	body := pepper.ID + "." + id + "." + strconv.FormatInt(at, 10)
	proof := mac(pepper, "sign-in device token", e.String()+"\x00"+user.String()+"\x00"+body)
	return body + "." + base64.RawURLEncoding.EncodeToString(proof)
}

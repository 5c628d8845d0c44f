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
	// DeviceLife is how long a device is known after it last signed in.
	DeviceLife = 180 * 24 * time.Hour
	// mostDevices bounds the tokens that are looked at, and that a cookie holds:
	// one for each person who signs in on a device.
	mostDevices = 5
	// longestDevice, in bytes, is more than any token has.
	longestDevice = 256
	deviceIDBytes = 16
)

// Devices knows the devices that have signed in before, by the tokens they were
// given then (OWASP's device cookies). A token is bound to the folded address and
// to the user who signed in, and keyed with a pepper of the ring: whoever signs in
// as a namesake in another organization is nobody that this one knows. It is no
// way in: it only makes a device's failures count apart from those of strangers.
type Devices struct {
	ring  *keyring.Ring
	clock clock.Clock
}

// NewDevices returns Devices under the ring's peppers.
func NewDevices(ring *keyring.Ring, c clock.Clock) *Devices { return &Devices{ring, c} }

// Issue returns a token for a device on which the user has just signed in. One
// that brought a good token keeps its identity, so that signing in does not begin
// a new count.
func (d *Devices) Issue(e address.Email, user uuid.UUID, presented []string) string {
	id, ok := d.known(e, user, presented)
	if !ok {
		random := make([]byte, deviceIDBytes)
		_, _ = rand.Read(random) // it never fails: it ends the program instead
		id = hex.EncodeToString(random)
	}
	return deviceToken(d.ring.Current(keyring.Pepper), e, user, id, d.clock.Now().Unix())
}

// known returns the identity of the device that brought the tokens, when one of
// them was issued for this user.
func (d *Devices) known(e address.Email, user uuid.UUID, presented []string) (id string, ok bool) {
	if !e.Valid() {
		return "", false
	}
	for _, token := range presented[:min(len(presented), mostDevices)] {
		if id, ok = d.read(e, user, token); ok {
			return id, true
		}
	}
	return "", false
}

// read returns the identity in a token. It writes the token that it should be
// and compares, so that a token has one spelling.
func (d *Devices) read(e address.Email, user uuid.UUID, token string) (id string, ok bool) {
	parts := strings.Split(token, ".")
	if len(token) > longestDevice || len(parts) != 4 { //nolint:mnd // see deviceToken
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

// deviceToken is the pepper's id, the device's, when it signed in, and the proof.
func deviceToken(pepper keyring.Key, e address.Email, user uuid.UUID, id string, at int64) string {
	body := pepper.ID + "." + id + "." + strconv.FormatInt(at, 10)
	proof := mac(pepper, "sign-in device token", e.String()+"\x00"+user.String()+"\x00"+body)
	return body + "." + base64.RawURLEncoding.EncodeToString(proof)
}

package keyring

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// keys are the ring's sets, each in the order of creation.
type keys map[Use][]Key

// contents is the content of a ring file.
type contents struct {
	keys keys
	// development is set if development mode created the file, so that it is
	// refused for real data.
	development bool
}

// developmentName is the JSON member for contents.development.
const developmentName = "development"

// ErrExposed means that users other than its owner may read a ring's file.
var ErrExposed = errors.New("others may read the key ring")

// messageError is an error whose message replaces the one of the error that it
// wraps.
type messageError struct {
	words string
	err   error
}

func (e messageError) Error() string { return e.words }

func (e messageError) Unwrap() error { return e.err }

func errMissing(path string) error {
	return messageError{"key ring " + path + ": there is no such file", os.ErrNotExist}
}

// record is a key in the file.
type record struct {
	ID         string    `json:"id"`
	Secret     string    `json:"secret"`
	CreatedAt  time.Time `json:"createdAt"`
	ActiveFrom time.Time `json:"activeFrom"`
}

// readFile reads and checks a ring file. The FileInfo is that of the file that
// was read, even if it is replaced concurrently.
func readFile(path string) (contents, os.FileInfo, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return contents{}, nil, errMissing(path)
	}
	if err != nil {
		return contents{}, nil, fmt.Errorf("key ring: %w", err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return contents{}, nil, fmt.Errorf("key ring: %w", err)
	}
	if exposed(info) {
		return contents{}, nil, messageError{fmt.Sprintf("key ring %s: mode %04o lets others read the secrets; it must be 0600: chmod 600 %s", path, info.Mode().Perm(), path), ErrExposed}
	}
	content, err := io.ReadAll(file)
	if err != nil {
		return contents{}, nil, fmt.Errorf("key ring: %w", err)
	}
	ring, err := parse(content)
	if err != nil {
		return contents{}, nil, fmt.Errorf("key ring %s: %w", path, err)
	}
	return ring, info, nil
}

// parse parses a ring and returns everything that is wrong with it.
func parse(text []byte) (contents, error) {
	broken := errors.New("this is not a key ring: the JSON is broken")
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return contents{}, broken
	}
	out := contents{keys: keys{}}
	var wrong []string
	for name, value := range members {
		if name == developmentName {
			if err := json.Unmarshal(value, &out.development); err != nil {
				return contents{}, broken
			}
			continue
		}
		var records []record
		if err := json.Unmarshal(value, &records); err != nil {
			return contents{}, broken
		}
		list, faults := decode(Use(name), records)
		out.keys[Use(name)] = list
		wrong = append(wrong, faults...)
	}
	if wrong = append(wrong, out.keys.problems()...); len(wrong) > 0 {
		return contents{}, errors.New(strings.Join(wrong, "; "))
	}
	return out, nil
}

// decode decodes the keys of a use, and returns a message for each that is
// unreadable.
func decode(use Use, records []record) (list []Key, wrong []string) {
	for _, r := range records {
		// An invalid secret stays empty and is reported as weak, too.
		secret, err := base64.StdEncoding.DecodeString(r.Secret)
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("%s key %q is not base64", use, r.ID))
		}
		list = append(list, Key{ID: r.ID, Secret: secret, CreatedAt: r.CreatedAt, ActiveFrom: r.ActiveFrom})
	}
	return list, wrong
}

// problems returns which secrets are missing, weak or used twice.
func (all keys) problems() []string {
	var wrong []string
	owner := map[string]string{}
	for _, use := range Uses() {
		if len(all[use]) == 0 {
			wrong = append(wrong, fmt.Sprintf("the %s key is missing", use))
		}
		ids := map[string]bool{}
		for _, k := range all[use] {
			name := fmt.Sprintf("%s key %q", use, k.ID)
			if idNumber(k.ID) == 0 {
				wrong = append(wrong, name+" has no id of the kind "+string(use)[:1]+"1")
			}
			if ids[k.ID] {
				wrong = append(wrong, name+" is there twice")
			}
			ids[k.ID] = true
			if fault := weakness(k.Secret); fault != "" {
				wrong = append(wrong, name+" "+fault)
			} else if other, taken := owner[string(k.Secret)]; taken {
				wrong = append(wrong, name+" has the same secret as "+other)
			}
			owner[string(k.Secret)] = name
		}
	}
	return wrong
}

// encode returns the file's text.
func (c contents) encode() ([]byte, error) {
	members := make(map[string]any, len(c.keys)+1)
	if c.development {
		members[developmentName] = true
	}
	for use, list := range c.keys {
		records := make([]record, len(list))
		for i, k := range list {
			records[i] = record{
				ID: k.ID, Secret: base64.StdEncoding.EncodeToString(k.Secret),
				CreatedAt: k.CreatedAt, ActiveFrom: k.ActiveFrom,
			}
		}
		members[string(use)] = records
	}
	text, err := json.MarshalIndent(members, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("key ring: %w", err)
	}
	return append(text, '\n'), nil
}

// writeFile writes a whole ring to path, or nothing: to a temporary file beside
// it, which is synced to disk and then renamed or linked by place (os.Rename or
// os.Link).
func writeFile(path string, ring contents, owner os.FileInfo, place func(from, to string) error) error {
	content, err := ring.encode()
	if err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return fmt.Errorf("key ring: %w", err)
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	_, err = temp.Write(content)
	if err == nil && owner != nil {
		err = keepOwner(temp, owner)
	}
	if err == nil {
		err = temp.Sync()
	}
	if err = errors.Join(err, temp.Close()); err != nil {
		return fmt.Errorf("key ring: %w", err)
	}
	if err := place(temp.Name(), path); err != nil {
		return fmt.Errorf("key ring: %w", err)
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder syncs a folder, so that a new name in it survives a power failure.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil // Windows cannot open folders and does not need it
	}
	folder, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("key ring: %w", err)
	}
	if err := errors.Join(folder.Sync(), folder.Close()); err != nil {
		return fmt.Errorf("key ring: %w", err)
	}
	return nil
}

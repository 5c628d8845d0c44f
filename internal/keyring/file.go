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

// keys are the ring's sets, each in the order in which its keys were made.
type keys map[Use][]Key

// contents are what a ring file holds.
type contents struct {
	keys keys
	// development says that development mode made the file up, so that it is
	// refused where real data is.
	development bool
}

// developmentName is the member of the file that says so.
const developmentName = "development"

// ErrExposed says that others than its owner may read a ring's file.
var ErrExposed = errors.New("others may read the key ring")

// inWords is an error that is said in words of its own, without those of the
// one that it wraps.
type inWords struct {
	words string
	err   error
}

// Error returns the words.
func (e inWords) Error() string { return e.words }

// Unwrap returns the error that they stand for.
func (e inWords) Unwrap() error { return e.err }

func missing(path string) error {
	return inWords{"key ring " + path + ": there is no such file", os.ErrNotExist}
}

// record is a key as the file holds it.
type record struct {
	ID         string    `json:"id"`
	Secret     string    `json:"secret"`
	CreatedAt  time.Time `json:"createdAt"`
	ActiveFrom time.Time `json:"activeFrom"`
}

// readFile reads and checks a ring file. The FileInfo is of the very file that
// was read, even when somebody replaces it meanwhile.
func readFile(path string) (contents, os.FileInfo, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return contents{}, nil, missing(path)
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
		return contents{}, nil, inWords{fmt.Sprintf("key ring %s: mode %04o lets others read the secrets; it must be 0600: chmod 600 %s", path, info.Mode().Perm(), path), ErrExposed}
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

// parse reads a ring and lists everything that is wrong with it.
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

// decode reads the keys of a use, and says which are not readable.
func decode(use Use, records []record) (list []Key, wrong []string) {
	for _, r := range records {
		// What is not base64 stays empty and is reported as weak, too.
		secret, err := base64.StdEncoding.DecodeString(r.Secret)
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("%s key %q is not base64", use, r.ID))
		}
		list = append(list, Key{ID: r.ID, Secret: secret, CreatedAt: r.CreatedAt, ActiveFrom: r.ActiveFrom})
	}
	return list, wrong
}

// problems says which secrets are missing, weak or used twice.
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
			if number(k.ID) == 0 {
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

// writeFile puts a whole ring at path, or nothing: it is written beside it,
// brought to the disk, and then given its name by place (os.Rename or os.Link).
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

// syncFolder makes a new name in a folder outlive a power cut.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil // it cannot open folders, and needs no such call
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

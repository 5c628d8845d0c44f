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

// record is a key as the file holds it.
type record struct {
	ID         string    `json:"id"`
	Secret     string    `json:"secret"`
	CreatedAt  time.Time `json:"createdAt"`
	ActiveFrom time.Time `json:"activeFrom"`
}

// readFile reads and checks a ring file. The FileInfo is of the very file that
// was read, even when somebody replaces it meanwhile.
func readFile(path string) (keys, os.FileInfo, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil, fmt.Errorf("key ring %s: there is no such file: %w", path, os.ErrNotExist)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("key ring: %w", err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil, nil, fmt.Errorf("key ring: %w", err)
	}
	if exposed(info) {
		return nil, nil, fmt.Errorf("key ring %s: mode %04o lets others read the secrets; it must be 0600", path, info.Mode().Perm())
	}
	content, err := io.ReadAll(file)
	if err != nil {
		return nil, nil, fmt.Errorf("key ring: %w", err)
	}
	all, err := parse(content)
	if err != nil {
		return nil, nil, fmt.Errorf("key ring %s: %w", path, err)
	}
	return all, info, nil
}

// parse reads a ring and lists everything that is wrong with it.
func parse(content []byte) (keys, error) {
	var records map[Use][]record
	if err := json.Unmarshal(content, &records); err != nil {
		return nil, errors.New("this is not a key ring: the JSON is broken")
	}
	all := make(keys, len(records))
	var wrong []string
	for use, list := range records {
		for _, r := range list {
			// What is not base64 stays empty and is reported as such below.
			secret, err := base64.StdEncoding.DecodeString(r.Secret)
			if err != nil {
				wrong = append(wrong, fmt.Sprintf("%s key %q is not base64", use, r.ID))
			}
			all[use] = append(all[use], Key{ID: r.ID, Secret: secret, CreatedAt: r.CreatedAt, ActiveFrom: r.ActiveFrom})
		}
	}
	if wrong = append(wrong, all.problems()...); len(wrong) > 0 {
		return nil, errors.New(strings.Join(wrong, "; "))
	}
	return all, nil
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

// encode gives the file's content.
func (all keys) encode() ([]byte, error) {
	records := make(map[Use][]record, len(all))
	for use, list := range all {
		for _, k := range list {
			records[use] = append(records[use], record{
				ID: k.ID, Secret: base64.StdEncoding.EncodeToString(k.Secret),
				CreatedAt: k.CreatedAt, ActiveFrom: k.ActiveFrom,
			})
		}
	}
	content, err := json.MarshalIndent(records, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("key ring: %w", err)
	}
	return append(content, '\n'), nil
}

// writeFile puts a whole ring at path, or nothing: it is written beside it,
// brought to the disk, and then given its name by place (os.Rename or os.Link).
func writeFile(path string, all keys, owner os.FileInfo, place func(from, to string) error) error {
	content, err := all.encode()
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

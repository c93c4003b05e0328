package key

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/jobpipe/jobpipe/codec"
)

const (
	variable = "JOBPIPE_KEY_FILE"
	system   = "/etc/jobpipe/key"
)

// NotFoundError says that there is no key in any of the usual places. A file
// that was named and is missing is another error: it was meant to be there.
type NotFoundError struct {
	Looked []string // in this order
	Host   string   // that a key may be copied from, for the message; may be empty
}

func (e *NotFoundError) Error() string {
	host := cmp.Or(e.Host, "HOST")
	return "no key found; looked for " + strings.Join(e.Looked, ", then for ") +
		"; copy the coordinator's: mkdir -p -m 700 ~/.config/jobpipe && scp " + host + ":.config/jobpipe/key ~/.config/jobpipe/"
}

// Find returns the keys to use and the file they are in. The first place that
// names a file decides: explicit if it is not empty, then $JOBPIPE_KEY_FILE,
// then ~/.config/jobpipe/key, then /etc/jobpipe/key. A file that is there but
// cannot be trusted is an error, never passed over.
func Find(explicit string) (keys []codec.Key, path string, err error) {
	return find(explicit, os.Getenv(variable), userFile(), system)
}

// find is Find with the places given; user is empty where there is no home.
func find(explicit, env, user, system string) ([]codec.Key, string, error) {
	if explicit != "" {
		keys, err := named(explicit, "")
		return keys, explicit, err
	}
	if env != "" {
		keys, err := named(env, " (from $"+variable+")")
		return keys, env, err
	}
	missing := &NotFoundError{}
	if user == "" {
		missing.Looked = append(missing.Looked, "~/.config/jobpipe/key (but $HOME is not set)")
	} else {
		keys, err := load(user)
		if !errors.Is(err, fs.ErrNotExist) {
			return keys, user, err
		}
		missing.Looked = append(missing.Looked, user)
	}
	keys, err := load(system)
	switch {
	case errors.Is(err, fs.ErrPermission):
		// A key of the machine's services is not the business of its users.
		missing.Looked = append(missing.Looked, system+" (which we may not read)")
	case errors.Is(err, fs.ErrNotExist):
		missing.Looked = append(missing.Looked, system)
	default:
		return keys, system, err
	}
	return nil, "", missing
}

// named loads a file that the user asked for.
func named(path, source string) ([]codec.Key, error) {
	keys, err := load(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("key file %s%s does not exist; copy the other end's there, or make a new one for both: %s", path, source, recipe(path))
	}
	return keys, err
}

// userFile is where a user's key is kept, or empty if the user has no home.
func userFile() string {
	home, err := os.UserHomeDir()
	if err != nil || !filepath.IsAbs(home) {
		return ""
	}
	return filepath.Join(home, ".config", "jobpipe", "key")
}

// recipe is the command that puts a new key into path.
func recipe(path string) string {
	return "(umask 077; jobpipe --new-key > " + path + ")"
}

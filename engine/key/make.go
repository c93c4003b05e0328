package key

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/jobpipe/jobpipe/codec"
)

// New returns a fresh key as it stands in a file, without the line end.
func New() string {
	var k codec.Key
	_, _ = rand.Read(k[:]) // never fails
	return hex.EncodeToString(k[:])
}

// Make puts a fresh key into ~/.config/jobpipe/key and returns it. If another
// process was faster, its key is the one that is returned: of all that start
// together, one makes the key and the others read it.
func Make() (keys []codec.Key, path string, err error) {
	path = userFile()
	if path == "" {
		return nil, "", errors.New("there is no place for a new key, as $HOME is not set; name one with --key-file, made with: " + recipe("FILE"))
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, path, fmt.Errorf("making the key directory %s: %w", dir, bare(err))
	}
	if err := checkDir(dir); err != nil {
		return nil, path, err
	}
	if err := publish(path, New()+"\n"); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, path, fmt.Errorf("making the key %s: %w", path, err)
	}
	// Reading it back also finds a file system that keeps no modes.
	keys, err = load(path)
	return keys, path, err
}

// publish makes path appear with all of text in it, or fails with fs.ErrExist.
func publish(path, text string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // O_EXCL, mode 0600
	if err != nil {
		return bare(err)
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return bare(err)
	}
	// Unlike a rename, a link never replaces what is there.
	if err := os.Link(f.Name(), path); err != nil {
		if e := (*os.LinkError)(nil); errors.As(err, &e) {
			return e.Err
		}
		return err
	}
	return nil
}

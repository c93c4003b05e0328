package key

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/jobpipe/jobpipe/codec"
)

const (
	digits  = 2 * len(codec.Key{})
	maxFile = 1024 // bytes; two keys and their line ends are 132
)

// load reads the keys in path if it can be trusted. The error is
// fs.ErrNotExist only when nothing at all is at path.
func load(path string) ([]codec.Key, error) {
	if err := checkLink(path); err != nil {
		return nil, err
	}
	// Looking before opening tells what is wrong with a file we cannot open.
	if err := checkFile(path, os.Stat); err != nil {
		return nil, err
	}
	// Without O_NONBLOCK a FIFO put there meanwhile would hold us up.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", path, bare(err))
	}
	defer f.Close()
	// What counts is the file that was opened.
	if err := checkFile(path, func(string) (fs.FileInfo, error) { return f.Stat() }); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", path, bare(err))
	}
	keys, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("key file %s %w; a password will not do; make a key with: %s", path, err, recipe(path))
	}
	return keys, nil
}

// checkLink checks the directories on the way to the file, and the owner of a
// symbolic link on it: whoever may change those decides what is read.
func checkLink(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return fmt.Errorf("key file %s: %w", path, bare(err))
	}
	if err := checkDir(filepath.Dir(path)); err != nil {
		return err
	}
	if info.Mode()&fs.ModeSymlink == 0 {
		return nil
	}
	if !trusted(owner(info)) {
		return fmt.Errorf("key file %s is a symbolic link of user %d, not of us or root; name the file itself", path, owner(info))
	}
	target, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("key file %s is a symbolic link to nothing; remove it, or put the key there", path)
	}
	if err != nil {
		return fmt.Errorf("key file %s: %w", path, bare(err))
	}
	return checkDir(filepath.Dir(target))
}

// checkDir refuses a directory in which others may put files in the place of
// ours, or that they may replace as a whole. A sticky one, such as /tmp, keeps
// them from that. Above the directory itself, what root leaves to a group is the
// administrator's decision.
func checkDir(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("key directory %s: %w", dir, bare(err))
	}
	if !trusted(owner(info)) {
		return fmt.Errorf("key directory %s belongs to user %d, who may replace the key, not to us (user %d) or root; keep the key in one of your own", dir, owner(info), os.Geteuid())
	}
	if err := checkWriters(dir, info, 0o022); err != nil {
		return err
	}
	real, err := filepath.Abs(dir)
	if err == nil {
		real, err = filepath.EvalSymlinks(real)
	}
	for err == nil && real != filepath.Dir(real) {
		real = filepath.Dir(real)
		if info, err = os.Stat(real); err != nil {
			break
		}
		others := fs.FileMode(0o022)
		if owner(info) == 0 {
			others = 0o002
		}
		if err := checkWriters(real, info, others); err != nil {
			return err
		}
	}
	if err != nil {
		return fmt.Errorf("key directory %s: %w", dir, bare(err))
	}
	return nil
}

// checkWriters refuses a directory that one of the given classes may write to.
func checkWriters(dir string, info fs.FileInfo, classes fs.FileMode) error {
	if mode := info.Mode(); mode&classes != 0 && mode&fs.ModeSticky == 0 {
		return fmt.Errorf("key directory %s has mode %#o, so others may replace the key; run: chmod go-w %s", dir, mode.Perm(), dir)
	}
	return nil
}

func checkFile(path string, stat func(string) (fs.FileInfo, error)) error {
	info, err := stat(path)
	if err != nil {
		return fmt.Errorf("key file %s: %w", path, bare(err))
	}
	mode := info.Mode()
	switch {
	case mode.IsDir():
		return fmt.Errorf("key file %s is a directory; name the file in it", path)
	case !mode.IsRegular():
		return fmt.Errorf("key file %s is not a regular file; put the key into one: %s", path, recipe("FILE"))
	case !trusted(owner(info)):
		return fmt.Errorf("key file %s belongs to user %d, not to us (user %d) or root; use a copy of your own", path, owner(info), os.Geteuid())
	case !closed(mode.Perm(), owner(info), os.Geteuid()):
		why := "which is not 0600"
		if mode&0o077 != 0 {
			why = "so others may use the key"
		}
		return fmt.Errorf("key file %s has mode %#o, %s; run: chmod 600 %s", path, mode.Perm(), why, path)
	}
	return nil
}

// closed tells whether nobody may use a key whom its owner did not choose. Root may
// leave one to a group that we are in: a service manager hands secrets to services
// that run as other users in this way.
func closed(mode fs.FileMode, owner, us int) bool {
	switch mode {
	case 0o600, 0o400:
		return true
	case 0o640, 0o440:
		return owner == 0 && us != 0
	}
	return false
}

// trusted tells whether a file of this user is as good as ours.
func trusted(uid int) bool { return uid == 0 || uid == os.Geteuid() }

func owner(info fs.FileInfo) int { return int(info.Sys().(*syscall.Stat_t).Uid) }

// bare takes the system call and the path off an error: our text names the file.
func bare(err error) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}

// parse reads one or two keys. Its errors go on from "key file PATH" and quote
// nothing of the text.
func parse(text []byte) ([]codec.Key, error) {
	if len(text) > maxFile {
		return nil, fmt.Errorf("is longer than %d bytes: it holds no key", maxFile)
	}
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return nil, errors.New("is empty")
	}
	var keys []codec.Key
	for i, line := range bytes.Split(text, []byte("\n")) {
		line = bytes.TrimSpace(line)
		if i == 2 {
			return nil, errors.New("has more than two lines: two keys, the new one and the old one, are the most")
		}
		if len(line) != digits {
			return nil, fmt.Errorf("has %d characters on line %d: a key is %d hexadecimal digits", len(line), i+1, digits)
		}
		var k codec.Key
		if _, err := hex.Decode(k[:], line); err != nil {
			return nil, fmt.Errorf("has something else than hexadecimal digits on line %d", i+1)
		}
		keys = append(keys, k)
	}
	return keys, nil
}

package key

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/jobpipe/jobpipe/codec"
)

// word is the text of a key that is easy to tell from others.
func word(b byte) string { return strings.Repeat(fmt.Sprintf("%02x", b), 32) }

// private returns a directory that only we may use.
func private(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// put writes a file with just this mode, whatever the umask.
func put(t *testing.T, path, text string, mode os.FileMode) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// expect checks the keys and the error of a look-up.
func expect(t *testing.T, keys []codec.Key, err error, wantErr string, want ...string) {
	t.Helper()
	if wantErr != "" {
		if err == nil || !strings.Contains(err.Error(), wantErr) {
			t.Fatalf("error is %v, want one with %q", err, wantErr)
		}
		if keys != nil {
			t.Fatal("keys came with an error")
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, k := range keys {
		got = append(got, hex.EncodeToString(k[:]))
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Fatalf("keys are %q, want %q", got, want)
	}
}

func TestText(t *testing.T) {
	a, b := word(0xa1), word(0xb2)
	tests := []struct {
		name, text string
		err        string
		keys       []string
	}{
		{"one line", a + "\n", "", []string{a}},
		{"no line end", a, "", []string{a}},
		{"CRLF", a + "\r\n", "", []string{a}},
		{"capitals", strings.ToUpper(a) + "\n", "", []string{a}},
		{"trailing spaces", a + " \t \n", "", []string{a}},
		{"leading spaces", "  " + a + "\n", "", []string{a}},
		{"blank lines around", "\n\n" + a + "\n\n", "", []string{a}},
		{"two lines", a + "\n" + b + "\n", "", []string{a, b}},
		{"two lines with CRLF", a + "\r\n" + b + "\r\n", "", []string{a, b}},
		{"three lines", a + "\n" + b + "\n" + a + "\n", "more than two lines", nil},
		{"blank line between", a + "\n\n" + b + "\n", "0 characters on line 2", nil},
		{"two on a line", a + " " + b + "\n", "129 characters on line 1", nil},
		{"empty", "", "is empty", nil},
		{"only white space", " \r\n\t\n", "is empty", nil},
		{"password", "hunter2\n", "7 characters on line 1", nil},
		{"31 bytes", a[2:] + "\n", "62 characters on line 1", nil},
		{"33 bytes", a + "00\n", "66 characters on line 1", nil},
		{"odd digits", a[1:] + "\n", "63 characters on line 1", nil},
		{"second line short", a + "\n" + b[1:] + "\n", "63 characters on line 2", nil},
		{"not hexadecimal", a[:63] + "g\n", "something else than hexadecimal digits on line 1", nil},
		{"passphrase of 64", strings.Repeat("correct ", 8), "63 characters", nil},
		{"raw bytes", strings.Repeat("\xff", 32), "32 characters", nil},
		{"NUL inside", a[:63] + "\x00", "something else", nil},
		{"byte order mark", "\xef\xbb\xbf" + a, "67 characters", nil},
		{"private key of ssh", "-----BEGIN OPENSSH PRIVATE KEY-----\n" + strings.Repeat("x", 300), "35 characters", nil},
		{"huge", strings.Repeat(a+"\n", 1000), "longer than 1024 bytes", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := put(t, filepath.Join(private(t), "key"), test.text, 0o600)
			keys, got, err := Find(path)
			if got != path {
				t.Errorf("path is %q, want %q", got, path)
			}
			expect(t, keys, err, test.err, test.keys...)
			if err == nil {
				return
			}
			if text := strings.TrimSpace(test.text); len(text) > 6 && strings.Contains(err.Error(), text[:7]) {
				t.Errorf("the error quotes the file: %v", err)
			}
			if !strings.Contains(err.Error(), "jobpipe --new-key > ") {
				t.Errorf("the error does not say how to make a key: %v", err)
			}
		})
	}
}

func TestModes(t *testing.T) {
	tests := []struct {
		mode os.FileMode
		err  string
	}{
		{0o600, ""},
		{0o400, ""},
		{0o644, "has mode 0644, so others may use the key; run: chmod 600 "},
		{0o640, "has mode 0640, so others"},
		{0o660, "has mode 0660, so others"},
		{0o620, "has mode 0620, so others"},
		{0o602, "has mode 0602, so others"},
		{0o604, "has mode 0604, so others"},
		{0o610, "has mode 0610, so others"},
		{0o444, "has mode 0444, so others"},
		{0o777, "has mode 0777, so others"},
		{0o700, "has mode 0700, which is not 0600; run: chmod 600 "},
		{0o200, "has mode 0200, which is not 0600"},
		{0o000, "has mode 0, which is not 0600"},
	}
	for _, test := range tests {
		t.Run(fmt.Sprintf("%#o", test.mode), func(t *testing.T) {
			path := put(t, filepath.Join(private(t), "key"), word(1)+"\n", test.mode)
			keys, _, err := Find(path)
			expect(t, keys, err, test.err, word(1))
		})
	}
}

// What root leaves to a group is for that group, and no other user's file is.
func TestClosed(t *testing.T) {
	const us = 1000
	for mode := range os.FileMode(0o1000) {
		alone := mode == 0o600 || mode == 0o400
		group := mode == 0o640 || mode == 0o440
		for _, test := range []struct {
			owner, us int
			want      bool
		}{
			{us, us, alone},
			{0, 0, alone},
			{0, us, alone || group},
		} {
			if got := closed(mode, test.owner, test.us); got != test.want {
				t.Errorf("%#o, owner %d, us %d: %v", mode, test.owner, test.us, got)
			}
		}
	}
}

func TestDirectories(t *testing.T) {
	tests := []struct {
		mode os.FileMode
		err  string
	}{
		{0o700, ""},
		{0o755, ""},
		{0o777 | os.ModeSticky, ""},
		{0o770 | os.ModeSticky, ""},
		{0o770, "has mode 0770, so others may replace the key; run: chmod go-w "},
		{0o757, "has mode 0757, so others"},
		{0o777, "has mode 0777, so others"},
	}
	for _, test := range tests {
		t.Run(test.mode.String(), func(t *testing.T) {
			dir := private(t)
			path := put(t, filepath.Join(dir, "key"), word(1)+"\n", 0o600)
			link := filepath.Join(private(t), "link")
			if err := os.Symlink(path, link); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(dir, test.mode); err != nil {
				t.Fatal(err)
			}
			defer os.Chmod(dir, 0o700)
			keys, _, err := Find(path)
			expect(t, keys, err, test.err, word(1))
			keys, _, err = Find(link)
			expect(t, keys, err, test.err, word(1))
		})
	}
}

// Whoever may write to a directory further up may replace all below it.
func TestDirectoriesAbove(t *testing.T) {
	tests := []struct {
		mode os.FileMode
		user int
		err  string
	}{
		{0o755, -1, ""},
		{0o777 | os.ModeSticky, -1, ""},
		{0o777, -1, "has mode 0777, so others may replace the key; run: chmod go-w "},
		{0o757, -1, "has mode 0757, so others"},
		{0o775, 0, ""}, // root's, for a group that root has chosen
		{0o775, 12345, "has mode 0775, so others"},
		{0o755, 12345, ""},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.mode, test.user), func(t *testing.T) {
			if test.user >= 0 && os.Geteuid() != 0 {
				t.Skip("only root can give directories away")
			}
			above := filepath.Join(private(t), "above")
			path := put(t, filepath.Join(above, "mine", "key"), word(1)+"\n", 0o600)
			if err := os.Chown(above, test.user, -1); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(above, test.mode); err != nil {
				t.Fatal(err)
			}
			defer os.Chmod(above, 0o700)
			keys, _, err := Find(path)
			expect(t, keys, err, test.err, word(1))
			if test.err != "" && !strings.Contains(err.Error(), above+" has") {
				t.Errorf("%v does not name %s", err, above)
			}
		})
	}
}

func TestKinds(t *testing.T) {
	dir := private(t)
	good := put(t, filepath.Join(dir, "good"), word(1)+"\n", 0o600)
	open := put(t, filepath.Join(dir, "open"), word(1)+"\n", 0o644)
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, target := range map[string]string{"to-good": good, "to-open": open, "to-nothing": at("gone"), "to-itself": at("to-itself"), "to-dir": dir} {
		if err := os.Symlink(target, at(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(at("fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(at("fifo"), at("to-fifo")); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, err string }{
		{"to-good", ""},
		{"to-open", "has mode 0644"},
		{"to-nothing", "is a symbolic link to nothing"},
		{"to-itself", "too many"},
		{"to-dir", "is a directory"},
		{".", "is a directory"},
		{"fifo", "is not a regular file"},
		{"to-fifo", "is not a regular file"},
		{"absent", "does not exist; copy the other end's there, or make a new one for both: (umask 077; jobpipe --new-key > "},
		{"good/key", "not a directory"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			keys, _, err := Find(at(test.name))
			expect(t, keys, err, test.err, word(1))
		})
	}
	t.Run("device", func(t *testing.T) {
		_, _, err := Find("/dev/null")
		expect(t, nil, err, "is not a regular file")
	})
}

func TestOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	dir := private(t)
	path := put(t, filepath.Join(dir, "key"), word(1)+"\n", 0o600)
	link := filepath.Join(dir, "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := os.Lchown(link, 12345, -1); err != nil {
		t.Fatal(err)
	}
	keys, _, err := Find(link)
	expect(t, keys, err, "is a symbolic link of user 12345")
	keys, _, err = Find(path)
	expect(t, keys, err, "", word(1))

	if err := os.Chown(path, 12345, -1); err != nil {
		t.Fatal(err)
	}
	keys, _, err = Find(path)
	expect(t, keys, err, "belongs to user 12345, not to us (user 0) or root; use a copy")

	if err := os.Chown(dir, 12345, -1); err != nil {
		t.Fatal(err)
	}
	keys, _, err = Find(path)
	expect(t, keys, err, "key directory "+dir+" belongs to user 12345, who may replace the key")
}

// The first place that names a file decides, whether the file is good or not.
func TestOrder(t *testing.T) {
	const bad, none = "bad", ""
	tests := []struct {
		name                        string
		explicit, env, user, system string // what is in the file; bad: others may read it; none: no such file
		useFlag, useEnv             bool
		want                        byte
		err                         string
	}{
		{name: "flag first", explicit: word(1), env: word(2), user: word(3), system: word(4), useFlag: true, useEnv: true, want: 1},
		{name: "variable next", env: word(2), user: word(3), system: word(4), useEnv: true, want: 2},
		{name: "home next", user: word(3), system: word(4), want: 3},
		{name: "system last", system: word(4), want: 4},
		{name: "flag names nothing", env: word(2), user: word(3), useFlag: true, useEnv: true, err: "does not exist"},
		{name: "variable names nothing", user: word(3), system: word(4), useEnv: true, err: "(from $JOBPIPE_KEY_FILE) does not exist"},
		{name: "flag names a bad one", explicit: bad, user: word(3), useFlag: true, err: "mode 0644"},
		{name: "variable names a bad one", env: bad, user: word(3), useEnv: true, err: "mode 0644"},
		{name: "bad one at home", user: bad, system: word(4), err: "mode 0644"},
		{name: "bad one in the system", system: bad, err: "mode 0644"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := private(t)
			place := func(name, text string) string {
				path := filepath.Join(dir, name, "key")
				switch text {
				case none:
				case bad:
					put(t, path, word(9)+"\n", 0o644)
				default:
					put(t, path, text+"\n", 0o600)
				}
				return path
			}
			explicit, env := place("flag", test.explicit), place("variable", test.env)
			user, system := place("home", test.user), place("system", test.system)
			if !test.useFlag {
				explicit = ""
			}
			if !test.useEnv {
				env = ""
			}
			keys, _, err := find(explicit, env, user, system)
			expect(t, keys, err, test.err, word(test.want))
			if missing := (*NotFoundError)(nil); errors.As(err, &missing) {
				t.Errorf("%v is a NotFoundError, so another key would be made", err)
			}
		})
	}
}

func TestNotFound(t *testing.T) {
	dir := private(t)
	user, system := filepath.Join(dir, "home", "key"), filepath.Join(dir, "etc", "key")
	_, _, err := find("", "", user, system)
	var missing *NotFoundError
	if !errors.As(err, &missing) {
		t.Fatalf("error is %v, want a NotFoundError", err)
	}
	if want := user + " " + system; strings.Join(missing.Looked, " ") != want {
		t.Errorf("looked in %q, want %q", missing.Looked, want)
	}
	for _, part := range []string{user, system, "scp "} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not mention %q", err, part)
		}
	}
	missing.Host = "here.example"
	if text := missing.Error(); !strings.Contains(text, "scp here.example:.config/jobpipe/key ") {
		t.Errorf("%q does not say where to copy from", text)
	}
	_, _, err = find("", "", "", system)
	if !errors.As(err, &missing) || !strings.Contains(err.Error(), "$HOME is not set") {
		t.Errorf("without a home, error is %v", err)
	}
}

func TestNew(t *testing.T) {
	a, b := New(), New()
	if len(a) != 64 || a == b {
		t.Fatal("two new keys are the same, or not keys")
	}
	keys, err := parse([]byte(a + "\n" + b + "\n"))
	expect(t, keys, err, "", a, b)
}

func TestMake(t *testing.T) {
	home := private(t)
	t.Setenv("HOME", home)
	t.Setenv(variable, "")
	keys, path, err := Make()
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(home, ".config/jobpipe/key"); path != want {
		t.Errorf("path is %q, want %q", path, want)
	}
	for path, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700 | os.ModeDir} {
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("%s has mode %v (%v), want %v", path, info.Mode(), err, want)
		}
	}
	alone(t, path)
	text, err := os.ReadFile(path)
	if err != nil || !bytes.HasSuffix(text, []byte("\n")) {
		t.Errorf("the file does not end with a line end (%v)", err)
	}
	found, _, err := Find("")
	expect(t, found, err, "", hex.EncodeToString(keys[0][:]))

	again, _, err := Make()
	expect(t, again, err, "", hex.EncodeToString(keys[0][:]))
}

// alone checks that nothing but the key is left in its directory.
func alone(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("the key's directory holds %v (%v)", entries, err)
	}
}

func TestMakeRefuses(t *testing.T) {
	t.Run("no home", func(t *testing.T) {
		t.Setenv("HOME", "")
		_, _, err := Make()
		expect(t, nil, err, "$HOME is not set")
	})
	t.Run("bad file there", func(t *testing.T) {
		home := private(t)
		t.Setenv("HOME", home)
		path := put(t, filepath.Join(home, ".config/jobpipe/key"), "hunter2\n", 0o600)
		_, _, err := Make()
		expect(t, nil, err, "7 characters")
		if text, _ := os.ReadFile(path); string(text) != "hunter2\n" {
			t.Error("a file of the user was changed")
		}
		alone(t, path)
	})
	t.Run("open directory", func(t *testing.T) {
		home := private(t)
		t.Setenv("HOME", home)
		dir := filepath.Join(home, ".config/jobpipe")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		_, _, err := Make()
		expect(t, nil, err, "chmod go-w")
	})
	t.Run("file in the way", func(t *testing.T) {
		home := private(t)
		t.Setenv("HOME", home)
		put(t, filepath.Join(home, ".config"), "", 0o600)
		_, _, err := Make()
		expect(t, nil, err, "not a directory")
	})
}

// Coordinators that start together end up with one key, and none of them ever
// reads a part of it.
func TestMakeRace(t *testing.T) {
	for range 20 {
		t.Setenv("HOME", private(t))
		var all [16][]codec.Key
		var wg sync.WaitGroup
		for i := range all {
			wg.Go(func() {
				keys, _, err := Make()
				if err != nil {
					t.Error(err)
				}
				all[i] = keys
			})
		}
		wg.Wait()
		for _, keys := range all {
			if len(keys) != 1 || keys[0] != all[0][0] {
				t.Fatal("two coordinators have different keys")
			}
		}
		alone(t, userFile())
	}
}

func TestFingerprint(t *testing.T) {
	a, b := codec.Key{1}, codec.Key{2}
	if Fingerprint(a) == Fingerprint(b) || Fingerprint(a) != Fingerprint(codec.Key{1}) || len(Fingerprint(a)) != 16 {
		t.Errorf("%s, %s", Fingerprint(a), Fingerprint(b))
	}
	if got := Fingerprint(codec.Key{}); got != "43ab10871072dce1" {
		t.Errorf("the fingerprint of a key has changed to %s: people compare them", got)
	}
}

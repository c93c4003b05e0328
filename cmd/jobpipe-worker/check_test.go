package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/engine/key"
	"github.com/jobpipe/jobpipe/engine/message"
)

// clean takes variables away that would set flags.
func clean(t *testing.T) {
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "JOBPIPE_") {
			t.Setenv(name, "")
		}
	}
}

func TestOddCommandLines(t *testing.T) {
	clean(t)
	tests := []struct{ variable, args, want string }{ // want is a part of the error; empty: none
		{"", "", "no coordinator is named; write -c host:9000"},
		{"", "cat", "no coordinator is named"},
		{"", "-c h:1", "no command is given; write it behind --"},
		{"", "-c h:1 --", "there is no command behind --"},
		{"", "-c h:1 -- cat", ""},
		{"", "-c h:1 cat -c", ""},
		{"", "-c h:1 -c unix:/s -- cat", ""},
		{"JOBPIPE_CONNECT=h:1", "cat", ""},
		{"", "-c h:1 --insecure --key-file k cat", "--insecure means no key, and --key-file names one"},
		{"JOBPIPE_INSECURE=yes", "-c h:1 --key-file k cat", "--insecure means no key, and --key-file names one"},
		{"", "-c unix:/s --key-file k cat", "--key-file has no use: a Unix socket is for this user only"},
		{"", "-c unix:/s -c h:1 --key-file k cat", ""},
		{"", "-c h:1 --stay --wait 1s cat", "--stay tries for ever, and --wait only so long"},
		{"JOBPIPE_WAIT=1s", "-c h:1 --stay cat", ""},
		{"", "-c h:1 --wait 0 cat", ""},
		{"", "-c h:1 --wait=-1s cat", "less than nothing"},
		{"", "-c h:1 --name= cat", "--name is empty"},
		{"", "-c h:1 --name a\x1bb cat", "control characters"},
		{"", "-c h:1 --name " + strings.Repeat("x", 101) + " cat", "--name has 101 bytes; 100 are the most"},
		{"", "-c h:1 --nice 20 cat", "--nice 20 is out of range; write -20 to 19"},
		{"", "-c h:1 --nice=-20 cat", ""},
		{"", "-c h:1 --max-result 0 cat", "too small"},
		{"", "-c h:1 --kill-after 0 cat", ""},
		{"", "-c h:1 --load 150% --memfree 1GiB cat", ""},
		{"", "-c h:1 --load 0 cat", "at a load of 0 nothing would ever run"},
		{"", "-c h:1 --memfree 0 cat", "too small"},
		{"", "-c h:1 -j 0 cat", "with 0 nothing would run"},
		{"", "-c h:1 -j 5000 cat", "at most 4096"},
		{"", "-c h:1 -q -v cat", "--quiet and --verbose"},
		{"", "-c h:1 --halt cat", "unknown flag --halt"},
		{"", "-c h:1 --lines echo {}", "has {}"},
		{"", "-c nowhere -- cat", "-c nowhere is no address"},
		{"", "-c ::1:9000 -- cat", "in brackets"},
		{"", "-c http://host:9000 -- cat", "write host:9000, where"},
		{"", "-c h:0 -- cat", "the port is not"},
	}
	for _, test := range tests {
		t.Run(test.variable+" "+test.args, func(t *testing.T) {
			if name, value, ok := strings.Cut(test.variable, "="); ok {
				t.Setenv(name, value)
			}
			_, err := parse(strings.Fields(test.args), &bytes.Buffer{})
			switch {
			case test.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

func TestPrepare(t *testing.T) {
	clean(t)
	home := t.TempDir()
	t.Setenv("HOME", home)
	if err := os.Chmod(home, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(home, "k")
	if err := os.WriteFile(path, []byte(strings.Repeat("01", 32)+"\n"+strings.Repeat("02", 32)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var said []string
	log := message.New("jobpipe-worker", message.Verbose, func(line []byte) { said = append(said, string(line)) })
	v, err := parse([]string{"-c", "h:1", "--key-file", path, "-j3", "--wait", "2s", "cat", "-j4"}, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := v.prepare(log)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Command.Close()
	if len(said) != 1 || !strings.Contains(said[0], key.Fingerprint(*cfg.Key)) || strings.Contains(said[0], "0101") {
		t.Errorf("said %q", said)
	}
	here, _ := os.Hostname()
	if cfg.Key == nil || cfg.Key[0] != 1 || cfg.Slots != 3 || cfg.Wait != 2*time.Second || cfg.Name != here || cfg.Compress != "auto" || cfg.Stay {
		t.Errorf("%+v", cfg)
	}

	for _, args := range []string{"-c unix:/s cat", "-c h:1 --insecure cat"} {
		if v, err = parse(strings.Fields(args), &bytes.Buffer{}); err != nil {
			t.Fatal(err)
		}
		if cfg, err = v.prepare(log); err != nil || cfg.Key != nil {
			t.Errorf("%s: key %v, %v", args, cfg.Key, err)
		}
	}
	for args, want := range map[string]string{
		"-c h:1 no-such-command":                "not found in PATH",
		"-c h:1 --key-file " + home + "/no cat": "does not exist",
	} {
		if v, err = parse(strings.Fields(args), &bytes.Buffer{}); err != nil {
			t.Fatal(err)
		}
		if _, err = v.prepare(log); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", args, err, want)
		}
	}
}

package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/cmd/internal/cmdline"
	"github.com/jobpipe/jobpipe/engine/message"
	"github.com/jobpipe/jobpipe/engine/render"
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
		{"", "", "nobody would do the jobs; write a command behind --, or let workers in with --listen, or both"},
		{"", "-k", "nobody would do the jobs"},
		{"", "-j 2", "nobody would do the jobs"},
		{"", "-- cat", ""},
		{"", "cat", ""},
		{"", "-l :9000", ""},
		{"", "-l :9000 -- cat", ""},
		{"", "--listen= -- cat", "--listen: the address is empty"},
		{"", "--listen=", "--listen: the address is empty"},
		{"JOBPIPE_LISTEN=", "-- cat", ""},
		{"", "-l :9000 --", "there is no command behind --"},
		{"", "-l :9000 -j 2", "--jobs is for this machine, which has no command"},
		{"JOBPIPE_JOBS=2", "-l :9000", ""},
		{"JOBPIPE_JOBS=2", "", "nobody would do the jobs"},
		{"", "-j 2 -- cat", ""},
		{"", "-j 0 -- cat", "with 0 nothing would run"},
		{"", "--listen-file f -- cat", "--listen-file has no address to tell; add --listen"},
		{"JOBPIPE_LISTEN_FILE=f", "-- cat", "--listen-file has no address to tell"},
		{"", "-l :0 --listen-file f", ""},
		{"", "-l :0 --listen-file=", "--listen-file: the name of the file is empty"},

		{"", "-l :9000 --insecure", ""},
		{"", "-l :9000 --insecure --key-file k", "--insecure means no key, and --key-file names one"},
		{"JOBPIPE_INSECURE=1", "-l :9000 --key-file k", "--insecure means no key, and --key-file names one"},
		{"JOBPIPE_KEY_FILE=k", "-l :9000 --insecure", ""},
		{"", "--insecure -- cat", "--insecure is about workers on other machines"},
		{"JOBPIPE_INSECURE=1", "-- cat", ""},
		{"", "--key-file k -- cat", "--key-file is about workers on other machines"},
		{"", "-l unix:/tmp/s --key-file k", "--key-file has no use: a Unix socket is for this user only"},
		{"", "-l unix:/tmp/s -l :9000 --key-file k", ""},
		{"", "-l unix:/tmp/s --insecure", ""},
		{"", "-l :9000 --key-file=", "--key-file: the name of the file is empty"},

		{"", "--new-key", ""},
		{"", "--new-key -q", "--new-key prints a key and does nothing else"},
		{"", "--new-key -l :9000", "--new-key prints a key and does nothing else"},
		{"", "--new-key cat", "--new-key prints a key and does nothing else"},

		{"", "-o= -- cat", ""}, // a file called =, as for other programs
		{"", "--output= -- cat", "--output: the name of the file is empty"},
		{"JOBPIPE_OUTPUT=", "-- cat", ""},
		{"", "--failed= -- cat", "--failed: the name of the file is empty"},

		{"", "--timeout 0 -- cat", "--timeout 0 would end every job at once"},
		{"", "--timeout 1 -- cat", `"1" has no unit; write 1s`},
		{"", "--timeout=-1s -- cat", "less than nothing"},
		{"", "--max-lost 0 -- cat", "--max-lost 0 would fail every job"},
		{"", "--speculate -- cat", "--speculate runs slow jobs a second time on another worker, and none can connect"},
		{"JOBPIPE_SPECULATE=true", "-- cat", ""},
		{"", "--speculate -l :0 -- cat", ""},
		{"", "--rate 10/s -- cat", ""},
		{"", "--rate 0 -- cat", "nothing would ever run"},
		{"", "--retries=-1 -- cat", "no number from 0"},
		{"", "--max-job 0 -- cat", "too small"},
		{"", "--max-job 1GiB -- cat", ""},
		{"", "--max-job 2GiB -- cat", "--max-job: 2.0 GiB is too much; a worker takes jobs of up to 1.0 GiB"},
		{"", "--buffer 0 -- cat", "too small"},
		{"", "--dead-after 0 -- cat", "--dead-after 0s is out of reason"},
		{"", "--dead-after 25h -- cat", "--dead-after 25h0m0s is out of reason"},
		{"", "--dead-after 30s -- cat", "--grace 30s would be over when a silence of --dead-after 30s is noticed"},
		{"", "--dead-after 1m --grace 2m -- cat", ""},
		{"", "--grace 15s -- cat", "--grace 15s would be over"},
		{"", "--grace 0 -- cat", ""},
		{"", "--compress gzip -- cat", `--compress must be one of "auto","none","s2","zstd"`},
		{"", "--progress maybe -- cat", `--progress must be one of "auto","always","never"`},

		{"", "--http :8080 -- cat", ""},
		{"", "--http= -- cat", "--http: the address is empty"},
		{"JOBPIPE_HTTP=", "-- cat", ""},
		{"JOBPIPE_HTTP=:8080", "-l :9000", ""},

		{"", "--format jsonl -- cat", ""},
		{"", "--format json -- cat", `--format must be one of "text","jsonl"`},
		{"", "--tag --format text -- cat", ""},
		{"", "--tag --format jsonl -- cat", "--tag is for lines of text, and with --format jsonl each object says which job it is of; leave one of them out"},
		{"JOBPIPE_TAG=1", "--format jsonl -- cat", ""},
		{"JOBPIPE_FORMAT=jsonl", "--tag -- cat", ""},

		{"", "-q -v -- cat", "--quiet and --verbose"},
		{"JOBPIPE_QUIET=1", "-v -- cat", ""},

		{"", "-l :0 --lines", "--lines is about the command of this machine"},
		{"", "--lines -- echo {}", "has {}"},
		{"", "-k cat --no-such -k", ""},
	}
	for _, test := range tests {
		t.Run(test.variable+" "+test.args, func(t *testing.T) {
			if name, value, ok := strings.Cut(test.variable, "="); ok {
				t.Setenv(name, value)
			}
			_, err := parse(strings.Fields(test.args), &bytes.Buffer{})
			if errors.Is(err, cmdline.ErrDone) {
				err = nil
			}
			switch {
			case test.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("error %v, want %q", err, test.want)
			case err != nil && strings.Contains(err.Error(), "\n"):
				t.Errorf("%q is more than a line", err)
			}
		})
	}
}

func TestDefaults(t *testing.T) {
	clean(t)
	v, err := parse([]string{"--", "cat", "-k"}, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	if v.Jobs < 1 || v.Retries != 0 || v.MaxLost != 3 || v.Timeout != 0 || v.MaxJob != 64<<20 || v.Buffer != 256<<20 ||
		v.Compress != "auto" || time.Duration(v.DeadAfter) != 15*time.Second || time.Duration(v.Grace) != 30*time.Second || v.Progress != "auto" || v.KeepOrder || v.Null {
		t.Errorf("%+v", v)
	}
	if strings.Join(v.Command, " ") != "cat -k" {
		t.Errorf("the command is %q", v.Command)
	}
}

// Of a format and a tag that do not go together, an argument beats a variable.
func TestFormats(t *testing.T) {
	clean(t)
	for _, test := range []struct {
		variable, args string
		want           render.Format
	}{
		{"", "cat", render.Text},
		{"", "--tag cat", render.TaggedText},
		{"", "--format jsonl cat", render.JSONLines},
		{"JOBPIPE_TAG=1", "--format jsonl cat", render.JSONLines},
		{"JOBPIPE_TAG=1", "--format text cat", render.TaggedText},
		{"JOBPIPE_FORMAT=jsonl", "--tag cat", render.TaggedText},
	} {
		t.Run(test.variable+" "+test.args, func(t *testing.T) {
			if name, value, ok := strings.Cut(test.variable, "="); ok {
				t.Setenv(name, value)
			}
			v, err := parse(strings.Fields(test.args), &bytes.Buffer{})
			if err != nil {
				t.Fatal(err)
			}
			if got := v.format(); got != test.want {
				t.Errorf("results are %v, want %v", got, test.want)
			}
		})
	}
}

func TestNewKey(t *testing.T) {
	clean(t)
	var out bytes.Buffer
	if _, err := parse([]string{"--new-key"}, &out); err != cmdline.ErrDone {
		t.Fatal(err)
	}
	if b, err := hex.DecodeString(strings.TrimSuffix(out.String(), "\n")); err != nil || len(b) != 32 {
		t.Errorf("printed %q", out.String())
	}
}

func TestKeys(t *testing.T) {
	clean(t)
	home := t.TempDir()
	t.Setenv("HOME", home)
	if err := os.Chmod(home, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("/etc/jobpipe/key"); err == nil {
		t.Skip("this machine has a key")
	}
	var said []string
	log := message.New("jobpipe", message.Usual, func(line []byte) { said = append(said, string(line)) })
	find := func(args ...string) int {
		t.Helper()
		v, err := parse(args, &bytes.Buffer{})
		if err != nil {
			t.Fatal(err)
		}
		said = nil
		keys, err := v.findKeys(log)
		if err != nil {
			t.Fatal(err)
		}
		return len(keys)
	}
	if find("cat") != 0 || find("-l", "unix:/tmp/s") != 0 || len(said) != 0 {
		t.Error("a key where nobody needs one")
	}
	if find("-l", ":0", "--insecure") != 0 || len(said) != 1 || !strings.HasPrefix(said[0], "jobpipe: --insecure: ") {
		t.Errorf("insecure: said %q", said)
	}
	if find("-l", "unix:/tmp/s", "-l", ":0") != 1 || len(said) != 1 || !strings.HasPrefix(said[0], "jobpipe: made a new key in ") {
		t.Errorf("first time: said %q", said)
	}
	if find("-l", ":0") != 1 || len(said) != 0 {
		t.Errorf("second time: said %q", said)
	}
	bad := filepath.Join(home, "bad")
	if err := os.WriteFile(bad, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	v, err := parse([]string{"-l", ":0", "--key-file", bad}, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.findKeys(log); err == nil || !strings.Contains(err.Error(), "mode 0644") {
		t.Errorf("error %v", err)
	}
}

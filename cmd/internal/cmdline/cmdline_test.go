package cmdline

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

type sample struct {
	Addr    []string `short:"a" placeholder:"ADDR" help:"addresses"`
	Number  int      `short:"n" placeholder:"N" default:"3" help:"a number"`
	Keep    bool     `short:"k" help:"keep it"`
	Null    bool     `short:"0" help:"NUL"`
	How     string   `enum:"auto,none" placeholder:"HOW" default:"auto" help:"how"`
	KeyFile string   `env:"-" placeholder:"FILE" help:"a file"`
	Printing
	Command []string `arg:"" optional:"" passthrough:"partial"`
}

var program = Program{Name: "prog", Usage: "[flags]", About: "Does things.", Version: "1.2"}

func parse(t *testing.T, args ...string) (sample, *Line, string, error) {
	t.Helper()
	var v sample
	var out bytes.Buffer
	l, err := Parse(&v, program, args, &out)
	return v, l, out.String(), err
}

func TestWhereTheCommandBegins(t *testing.T) {
	tests := []struct{ args, want string }{
		{"", ""},
		{"-k", ""},
		{"-- cmd", "cmd"},
		{"-k -- cmd -k --how x", "cmd -k --how x"},
		{"-n2 cmd -k", "cmd -k"},
		{"cmd -- x", "cmd -- x"},
		{"-- cmd -- x", "cmd -- x"},
		{"-- -- x", "-- x"},
		{"-k - -k", "- -k"},
		{"-0k cmd", "cmd"},
		{"-- -weird", "-weird"},
	}
	for _, test := range tests {
		v, _, _, err := parse(t, strings.Fields(test.args)...)
		if err != nil {
			t.Errorf("%s: %v", test.args, err)
			continue
		}
		got, err := Command(v.Command)
		if err != nil || strings.Join(got, " ") != test.want {
			t.Errorf("%s: the command is %q (%v), want %q", test.args, got, err, test.want)
		}
	}
}

func TestCommandIsMissing(t *testing.T) {
	v, _, _, err := parse(t, "-k", "--")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Command(v.Command); err == nil || !strings.Contains(err.Error(), "no command behind --") {
		t.Errorf("error %v", err)
	}
	input := filepath.Join(t.TempDir(), "jobs.txt")
	if err := os.WriteFile(input, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Command([]string{input}); err == nil || !strings.Contains(err.Error(), "jobs come from the stdin of jobpipe: < ") {
		t.Errorf("error %v", err)
	}
	// Who writes -- means a command, and learns how to make it one.
	if _, err := Command([]string{"--", input}); err != nil {
		t.Error(err)
	}
}

func TestWhichValueWins(t *testing.T) {
	t.Setenv("JOBPIPE_NUMBER", "7")
	t.Setenv("JOBPIPE_KEEP", "true")
	t.Setenv("JOBPIPE_HOW", "")
	t.Setenv("JOBPIPE_ADDR", "a:1,b:2")
	t.Setenv("JOBPIPE_KEY_FILE", "not ours to read")
	t.Setenv("JOBPIPE_VERSION", "1.0")
	v, l, _, err := parse(t)
	if err != nil {
		t.Fatal(err)
	}
	if v.Number != 7 || !v.Keep || v.How != "auto" || !slices.Equal(v.Addr, []string{"a:1", "b:2"}) || v.KeyFile != "" {
		t.Errorf("from variables: %+v", v)
	}
	if l.GivenFlags() != 0 || l.Given("number") {
		t.Errorf("given: %v", l.given)
	}
	v, l, _, err = parse(t, "-n", "9", "--how=none", "--keep=false", "-a", "c:3", "-a", "d:4", "cmd", "-n1")
	if err != nil {
		t.Fatal(err)
	}
	if v.Number != 9 || v.Keep || v.How != "none" || !slices.Equal(v.Addr, []string{"c:3", "d:4"}) {
		t.Errorf("from arguments: %+v", v)
	}
	if l.GivenFlags() != 4 || !l.Given("number") || l.Given("null") {
		t.Errorf("given: %v", l.given)
	}
}

func TestErrors(t *testing.T) {
	tests := []struct{ variable, args, want string }{
		{"", "--bogus", "unknown flag --bogus; --help lists the flags"},
		{"", "--numbr 3", `unknown flag --numbr, did you mean "--number"?; --help lists the flags`},
		{"", "-n", "--number: its value is missing; --help lists the flags"},
		{"", "--key-file", "--key-file: its value is missing; --help lists the flags"},
		{"", "-n -k", `--number: its value is missing before "-k"; if that is the value, write --number="-k"; --help lists the flags`},
		{"", "-x cmd", `unknown flag -x, did you mean one of "-a", "-n", "-k", "-0", "-h"?; --help lists the flags`},
		{"", "--how zip", `--how must be one of "auto","none" but got "zip"; --help lists the flags`},
		{"JOBPIPE_HOW=zip", "", `--how must be one of "auto","none" but got "zip"; --help lists the flags`},
		{"JOBPIPE_KEEP=maybe", "", `--keep: bool value must be true, 1, yes, false, 0 or no but got "maybe" (from the variable JOBPIPE_KEEP="maybe"); --help lists the flags`},
	}
	for _, test := range tests {
		t.Run(test.variable+" "+test.args, func(t *testing.T) {
			if name, value, ok := strings.Cut(test.variable, "="); ok {
				t.Setenv(name, value)
			}
			_, _, out, err := parse(t, strings.Fields(test.args)...)
			if err == nil || err.Error() != test.want || out != "" {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestPrinting(t *testing.T) {
	t.Setenv("JOBPIPE_NUMBER", "nonsense, and no reason not to help")
	_, _, out, err := parse(t, "-k", "--help")
	if err != ErrDone {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Usage: prog [flags]\n\nDoes things.\n",
		"\n  -a, --addr ADDR      addresses\n",
		"\n  -n, --number N       a number (default 3)\n",
		"\n      --key-file FILE  a file\n",
		"\n  -h, --help           print this and exit\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	if _, _, out, err := parse(t, "--version"); err != ErrDone || out != "prog 1.2\n" {
		t.Errorf("printed %q, %v", out, err)
	}
	if _, _, out, err := parse(t, "--", "--version"); err == ErrDone || out != "" {
		t.Errorf("the version flag of the command printed %q, %v", out, err)
	}
	if _, err := Parse(&sample{}, program, []string{"--version"}, full{}); err == nil || err.Error() != "cannot write to stdout: no space left" {
		t.Errorf("error %v", err)
	}
}

func TestNoise(t *testing.T) {
	line := func(names ...string) *Line {
		l := &Line{given: map[string]bool{}}
		for _, n := range names {
			l.given[n] = true
		}
		return l
	}
	tests := []struct {
		l                      *Line
		quiet, verbose         bool
		wantQuiet, wantVerbose bool
		err                    bool
	}{
		{l: line()},
		{l: line("quiet"), quiet: true, wantQuiet: true},
		{l: line("quiet"), quiet: true, verbose: true, wantQuiet: true},
		{l: line("verbose"), quiet: true, verbose: true, wantVerbose: true},
		{l: line("quiet", "verbose"), quiet: true, verbose: true, err: true},
		{l: line(), quiet: true, verbose: true, err: true},
	}
	for i, test := range tests {
		q, v, err := Noise(test.l, test.quiet, test.verbose)
		if q != test.wantQuiet || v != test.wantVerbose || (err != nil) != test.err {
			t.Errorf("%d: quiet %v, verbose %v, error %v", i, q, v, err)
		}
	}
}

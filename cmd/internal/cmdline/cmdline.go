// Package cmdline reads a command line the way both programs do. A struct with
// kong's tags says which flags there are; each can also be set by a variable
// JOBPIPE_NAME, unless its tag says env:"-". What is left is a command, which
// begins behind -- or with the first argument that is no flag: what follows it
// is its own, even where it looks like a flag of ours.
//
// It finds what is wrong with one flag alone. The programs check what makes no
// sense together.
package cmdline

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// A Program is what --help and --version tell about a program.
type Program struct {
	Name    string
	Usage   string // what follows the name
	About   string // lines below it
	Version string // "dev": unknown
}

// Printing has the flags that print something and end the program.
type Printing struct {
	Version bool `env:"-" help:"print the version and exit"`
	Help    bool `env:"-" short:"h" help:"print this and exit"`
}

// ErrDone says that the program has printed what it was asked for, and is over.
var ErrDone = errors.New("done")

// A Line is a command line that was read.
type Line struct {
	given map[string]bool
}

// Given tells whether a flag was given as an argument: one that is set by a
// variable or by default was not.
func (l *Line) Given(name string) bool { return l.given[name] }

// GivenFlags returns how many different flags were.
func (l *Line) GivenFlags() int { return len(l.given) }

// Parse fills the struct that flags points to, which holds a Printing, from
// args, from variables and from defaults. --help and --version print on stdout,
// whatever else was asked for; the error is ErrDone then.
func Parse(flags any, p Program, args []string, stdout io.Writer) (*Line, error) {
	k, err := parser(flags, p)
	if err != nil {
		return nil, err
	}
	trace, err := kong.Trace(k, args)
	if err != nil {
		return nil, err
	}
	l := &Line{given: map[string]bool{}}
	for _, e := range trace.Path {
		if e.Flag != nil {
			l.given[e.Flag.Name] = true
		}
	}
	switch {
	case trace.Error != nil:
	case l.given["help"]:
		return nil, show(stdout, help(k.Model, p))
	case l.given["version"]:
		return nil, show(stdout, []byte(p.Name+" "+version(p.Version)+"\n"))
	}
	if _, err := k.Parse(args); err != nil {
		return nil, explain(err)
	}
	return l, nil
}

func parser(flags any, p Program) (*kong.Kong, error) {
	return kong.New(flags, kong.Name(p.Name), kong.NoDefaultHelp(), kong.DefaultEnvars("JOBPIPE"),
		kong.PostBuild(func(k *kong.Kong) error {
			for _, f := range k.Model.Flags {
				// As everywhere, a variable that is empty is not set.
				if len(f.Envs) > 0 && os.Getenv(f.Envs[0]) == "" {
					f.Tag.Envs = nil
				}
			}
			return nil
		}))
}

// Model describes the flags in the way of kong.
func Model(flags any, p Program) (*kong.Application, error) {
	k, err := parser(flags, p)
	if err != nil {
		return nil, err
	}
	return k.Model, nil
}

func show(w io.Writer, text []byte) error {
	if _, err := w.Write(text); err != nil {
		return fmt.Errorf("cannot write to stdout: %w", Cause(err))
	}
	return ErrDone
}

// Cause is what the system said, without the names of the call and the file:
// our messages have those already.
func Cause(err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return err
}

// What kong says, and how we say it.
var (
	missing = regexp.MustCompile(`expected \w+ value but got "EOL" \(<EOL>\)`)
	instead = regexp.MustCompile(`expected \w+ value but got ("[^"]*") \((?:short|long) flag\); perhaps try (.*)\?`)
)

// explain makes an error of kong one line in our words.
func explain(err error) error {
	text := strings.ReplaceAll(err.Error(), "\n", " ")
	text = strings.ReplaceAll(text, "(from envar ", "(from the variable ")
	text = missing.ReplaceAllString(text, "its value is missing")
	text = instead.ReplaceAllString(text, "its value is missing before $1; if that is the value, write $2")
	return errors.New(text + "; --help lists the flags")
}

// help lists the flags, a line each.
func help(model *kong.Application, p Program) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "Usage: %s %s\n\n%s\n\nFlags:\n", p.Name, p.Usage, p.About)
	width := 0
	for _, f := range model.Flags {
		width = max(width, len(left(f)))
	}
	for _, f := range model.Flags {
		text := f.Help
		if f.HasDefault {
			text += " (default " + f.Default + ")"
		}
		fmt.Fprintf(&b, "  %-*s  %s\n", width, left(f), text)
	}
	fmt.Fprintf(&b, "\nA variable JOBPIPE_NAME sets the flag --name: JOBPIPE_COMPRESS=none. See also: man %s\n", p.Name)
	return b.Bytes()
}

// left is what stands on the left of a flag's line.
func left(f *kong.Flag) string {
	s := "    --" + f.Name
	if f.Short != 0 {
		s = fmt.Sprintf("-%c, --%s", f.Short, f.Name)
	}
	if !f.IsBool() {
		s += " " + f.PlaceHolder
	}
	return s
}

// version falls back to that of the module when none was set by the linker.
func version(set string) string {
	if set != "dev" {
		return set
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return set
}

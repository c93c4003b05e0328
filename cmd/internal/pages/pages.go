// Package pages compares what documents say about the flags of a program with
// the flags it has: the man page, and the completions for bash, zsh and fish.
// Tests of the programs call Check. A flag that one of them has and another
// has not is an error, in either direction.
package pages

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// A flag is what all the documents can tell about one.
type flag struct {
	long  string // without --
	short string // without -; may be empty
	value bool   // it takes one
}

// Check compares the documents below root, the top of the source, with model.
func Check(t *testing.T, model *kong.Application, root string) {
	var want []flag
	for _, f := range model.Flags {
		w := flag{long: f.Name, value: !f.IsBool()}
		if f.Short != 0 {
			w.short = string(f.Short)
		}
		want = append(want, w)
	}
	read := func(t *testing.T, parts ...string) string {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(append([]string{root}, parts...)...))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}

	t.Run("man page", func(t *testing.T) {
		entries := manEntries(read(t, "man", model.Name+".1"))
		var got []flag
		for _, e := range entries {
			got = append(got, e.flag)
		}
		compare(t, got, want)
		for _, e := range entries {
			e.check(t, model)
		}
	})
	completions := map[string]func(string) []flag{
		model.Name + ".bash": bash,
		"_" + model.Name:     zsh,
		model.Name + ".fish": fish,
	}
	for name, parse := range completions {
		t.Run(name, func(t *testing.T) {
			text := read(t, "scripts", "completions", name)
			compare(t, parse(text), want)
			for _, f := range model.Flags {
				if f.Enum != "" && !strings.Contains(text, strings.ReplaceAll(f.Enum, ",", " ")) {
					t.Errorf("--%s: the values %s are not offered", f.Name, f.Enum)
				}
			}
		})
	}
}

// compare finds flags that are only in one of the two, or differ.
func compare(t *testing.T, got, want []flag) {
	t.Helper()
	for _, f := range want {
		if !slices.Contains(got, f) {
			t.Errorf("--%s is missing or differs: want %+v in %+v", f.long, f, got)
		}
	}
	seen := map[flag]bool{}
	for _, f := range got {
		if !slices.Contains(want, f) {
			t.Errorf("the program has no flag %+v", f)
		}
		if seen[f] {
			t.Errorf("--%s stands there twice", f.long)
		}
		seen[f] = true
	}
}

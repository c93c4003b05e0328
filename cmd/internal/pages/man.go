package pages

import (
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// An entry is what a man page says about a flag.
type entry struct {
	flag
	text     string   // without macros
	examples []string // as they are typed
}

// manEntries returns the entries of the section FLAGS.
func manEntries(page string) []entry {
	_, page, _ = strings.Cut(page, "\n.Sh FLAGS\n")
	page, _, _ = strings.Cut(page, "\n.Sh ")
	var entries []entry
	for _, line := range strings.Split(page, "\n") {
		macro, rest, _ := strings.Cut(line, " ")
		if macro == ".It" {
			entries = append(entries, entry{flag: manFlag(rest)})
			continue
		}
		if len(entries) == 0 {
			continue
		}
		e := &entries[len(entries)-1]
		switch {
		case macro == ".Dl":
			e.examples = append(e.examples, rest)
		case strings.HasPrefix(macro, "."):
			e.text += rest + " "
		default:
			e.text += line + " "
		}
	}
	return entries
}

// manFlag reads what follows .It: Fl j , Fl -jobs Ar n
func manFlag(item string) (f flag) {
	words := strings.Fields(item)
	for i, w := range words[:len(words)-1] {
		next := words[i+1]
		switch {
		case w == "Fl" && strings.HasPrefix(next, "-"):
			f.long = next[1:]
		case w == "Fl":
			f.short = next
		case w == "Ar":
			f.value = true
		}
	}
	return f
}

// check looks for an example of the flag, and for its default.
func (e *entry) check(t *testing.T, model *kong.Application) {
	t.Helper()
	shown := regexp.MustCompile(`(^|\s)--` + e.long + `(\s|=|$|\))`)
	if e.short != "" {
		shown = regexp.MustCompile(`(^|\s)(--` + e.long + `|-` + e.short + `)(\s|=|$|\))`)
	}
	found := false
	for _, line := range e.examples {
		found = found || strings.Contains(line, model.Name) && shown.MatchString(line)
	}
	if !found {
		t.Errorf("--%s has no example (.Dl) with the flag in it: %q", e.long, e.examples)
	}
	for _, f := range model.Flags {
		if f.Name != e.long {
			continue
		}
		value := regexp.QuoteMeta(f.Default)
		stated := regexp.MustCompile(`default is ` + value + ` ?[,.:]|\b` + value + ` , the default`)
		if f.HasDefault && !stated.MatchString(e.text) {
			t.Errorf("--%s: the default %s is not stated, or another is: %q", e.long, f.Default, e.text)
		}
		if !f.HasDefault && regexp.MustCompile(`default is [0-9]`).MatchString(e.text) {
			t.Errorf("--%s: a default is stated, and there is none: %q", e.long, e.text)
		}
	}
}

package pages

import (
	"regexp"
	"slices"
	"strings"
)

var (
	bashOffered = regexp.MustCompile(`(?s)compgen -W '-- ([^']*)'`)
	bashCase    = regexp.MustCompile(`(?m)^\t(-[-a-z |]*)\)$`)
)

// bash reads the list of all flags, in which a short flag stands before its
// long one, and the cases of those that take a value.
func bash(text string) []flag {
	var cases []string
	for _, m := range bashCase.FindAllStringSubmatch(text, -1) {
		cases = append(cases, strings.Split(m[1], " | ")...)
	}
	m := bashOffered.FindStringSubmatch(text)
	if m == nil {
		return nil
	}
	var flags []flag
	short := ""
	for _, word := range strings.Fields(m[1]) {
		long, ok := strings.CutPrefix(word, "--")
		if !ok {
			short = strings.TrimPrefix(word, "-")
			continue
		}
		value := slices.Contains(cases, word)
		if short != "" && value != slices.Contains(cases, "-"+short) {
			long += " (but not its short form takes a value)"
		}
		flags = append(flags, flag{long, short, value})
		short = ""
	}
	return flags
}

var (
	zshBoth = regexp.MustCompile(`(?m)^  '[^']*'\{-(.),--([-a-z]+)(=?)\}'\[`)
	zshLong = regexp.MustCompile(`(?m)^  '(?:\([^)]*\))?--([-a-z]+)(=?)\[`)
)

func zsh(text string) []flag {
	var flags []flag
	for _, m := range zshBoth.FindAllStringSubmatch(text, -1) {
		flags = append(flags, flag{m[2], m[1], m[3] != ""})
	}
	for _, m := range zshLong.FindAllStringSubmatch(text, -1) {
		flags = append(flags, flag{m[1], "", m[2] != ""})
	}
	return flags
}

var fishLine = regexp.MustCompile(`(?m)^complete .*?(?: -s (.))? -l ([-a-z]+)( -[xr])?`)

func fish(text string) []flag {
	var flags []flag
	for _, m := range fishLine.FindAllStringSubmatch(text, -1) {
		flags = append(flags, flag{m[2], m[1], m[3] != ""})
	}
	return flags
}

package codec

import (
	"strings"
	"testing"
)

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		"cannot run \"x y\"":     `cannot run "x y"`,
		"\x1b[31mred\r\n":        `\x1b[31mred\r\n`,
		"naïve":                  "naïve",
		strings.Repeat("a", 300): strings.Repeat("a", 256) + "…",
		"\xff":                   `\xff`,
	} {
		if got := Clean(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

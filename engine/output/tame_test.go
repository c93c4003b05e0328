package output

import (
	"strings"
	"testing"
	"unicode"
)

func TestTame(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", ""},
		{"plain\n\ttext\n", "plain\n\ttext\n"},
		{"für 1 € — 日本\n", "für 1 € — 日本\n"},
		{"\x1b[2J\x1b]0;title\a\n", "^[[2J^[]0;title^G\n"},
		{"\x00\x7f\b", "^@^?^H"},
		{"dos\r\nline\r", "dos\nline^M"},
		{"one\rover\r\r\n", "one^Mover^M\n"},
		{"\u009b31m", `\u009b31m`}, // a control sequence in one character
		{"a\u202eb", `a\u202eb`},
		{"\xff\xc3", `\xff\xc3`},
		{"\xe2\x82", `\xe2\x82`},
		{"\uFFFD", "\uFFFD"},
	}
	for _, test := range tests {
		for size := 1; size <= len(test.text)+1; size++ {
			var tm tame
			var got strings.Builder
			for rest := test.text; len(rest) > 0; {
				n := min(size, len(rest))
				got.Write(tm.clean([]byte(rest[:n])))
				rest = rest[n:]
			}
			got.Write(tm.rest())
			if got.String() != test.want {
				t.Errorf("%q in pieces of %d is %q, want %q", test.text, size, got.String(), test.want)
			}
		}
	}
}

func FuzzTame(f *testing.F) {
	f.Add("\x1b[2J\r\n\xe2\x82", 3)
	f.Fuzz(func(t *testing.T, text string, at int) {
		at = min(max(at, 0), len(text))
		var tm tame
		got := string(tm.clean([]byte(text[:at])))
		got += string(tm.clean([]byte(text[at:])))
		got += string(tm.rest())
		if strings.ContainsFunc(got, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
			t.Errorf("%q is shown as %q", text, got)
		}
		if strings.Count(got, "\n") != strings.Count(text, "\n") {
			t.Errorf("lines are lost of %q: %q", text, got)
		}
	})
}

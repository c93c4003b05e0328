package codec

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// layouts is the drawings of jobpipe-protocol(7). A group in parentheses goes on
// until the payload ends; so does all of Results.
var layouts = map[Type]string{
	TypeHello: `u8 lowest version | u8 highest version | u8 lines | uv slots
		| session [16] | u8 compressions | uv n | name [n]`,
	TypeWelcome: `u8 version | run [16] | u8 compression | u8 delimiter
		| uv dead after | uv timeout | uv credit | uv max job | uv grace | u8 resumed`,
	TypeRefuse:  `bytes`,
	TypeJobs:    `uv seq | uv count | uv attempt | bytes`,
	TypeJobPart: `uv seq | uv attempt | u8 last | bytes`,
	TypeAnswers: `uv seq | uv count | uv start | uv took | bytes`,
	TypeResults: `uv seq | uv attempt | u8 outcome | uv code | uv start | uv took
		| uv n | uv o | uv e | note [n] | stdout [o] | stderr [e]`,
	TypeResultPart: `uv seq | uv attempt | u8 stream | bytes`,
	TypeAck:        `uv credit | (uv seq | uv count) ...`,
	TypeRevoke:     `uv count`,
	TypeGiveBack:   `(uv seq | uv count) ...`,
	TypeCancel:     `(uv seq | uv count) ...`,
	TypeSlots:      `uv slots`,
	TypePing:       `opaque [8]`,
	TypePong:       `opaque [8]`,
	TypeOver:       `u8 how`,
	TypeGoodbye:    `u8 reason | bytes`,
	TypeHeld:       `u8 last | (uv seq | uv count | uv attempt) ...`,
	TypePrefer:     `uv seq | uv credit`,
}

// An entry is a field of a message, and what it says.
type entry struct {
	bytes []byte
	what  string
}

// dissect takes a payload apart by its drawing, without any code of the package.
func dissect(t testing.TB, typ Type, payload []byte) []entry {
	t.Helper()
	once, repeated, _ := strings.Cut(strings.TrimSuffix(layouts[typ], ") ..."), "(")
	if typ == TypeResults {
		once, repeated = "", once
	}
	var list []entry
	sizes := map[string]int{}
	take := func(n int, format string, args ...any) {
		if n > len(payload) {
			t.Fatalf("%v: %d bytes are left for one of %d", typ, len(payload), n)
		}
		list = append(list, entry{payload[:n], fmt.Sprintf(format, args...)})
		payload = payload[n:]
	}
	read := func(layout string) {
		for field := range strings.SplitSeq(layout, "|") {
			kind, name, _ := strings.Cut(strings.TrimSpace(field), " ")
			switch {
			case kind == "":
			case kind == "u8":
				take(1, "%s %d", name, payload[0])
			case kind == "uv":
				v, n := uint64(0), 0
				for ; n == 0 || payload[n-1] >= 0x80; n++ {
					v |= uint64(payload[n]&0x7f) << (7 * n)
				}
				sizes["["+name+"]"] = int(v)
				take(n, "%s %d", name, v)
			case kind == "bytes":
				take(len(payload), "%s", quoted(payload))
			case strings.HasPrefix(name, "["):
				n, err := strconv.Atoi(strings.Trim(name, "[]"))
				if err != nil {
					n = sizes[name]
				}
				if n > 0 {
					take(n, "%s", strings.TrimSpace(kind+" "+quoted(payload[:n])))
				}
			default:
				t.Fatalf("%v: what is %q?", typ, field)
			}
		}
	}
	read(once)
	for repeated != "" && len(payload) > 0 {
		read(repeated)
	}
	if len(payload) > 0 {
		t.Fatalf("%v: %d bytes are left", typ, len(payload))
	}
	return list
}

// quoted is text, and nothing for other bytes: those one sees.
func quoted(b []byte) string {
	for _, c := range b {
		if c != '\n' && (c < ' ' || c > '~') {
			return ""
		}
	}
	return strconv.Quote(string(b))
}

var section = regexp.MustCompile(`(?ms)^\.Ss ([A-Z][A-Za-z]+) \((\d+)\).*?^\.Bd -literal -offset indent\n(.*?)^\.Ed`)

// The page for other implementers draws what the golden files are read by, and
// the doc comments do, too.
func TestPageDrawsTheSame(t *testing.T) {
	page, err := os.ReadFile("../man/jobpipe-protocol.7")
	if err != nil {
		t.Fatal(err)
	}
	flat := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	seen := 0
	for _, m := range section.FindAllStringSubmatch(string(page), -1) {
		n, _ := strconv.Atoi(m[2])
		typ := Type(n)
		if typ.String() != m[1] {
			t.Errorf("type %d is %v here and %s in the page", n, typ, m[1])
		}
		if got, want := flat(m[3]), flat(layouts[typ]); got != want {
			t.Errorf("%v is drawn as %q in the page, as %q here", typ, got, want)
		}
		seen++
	}
	if seen != len(layouts)-1 { // Ping and Pong share a section
		t.Errorf("the page draws %d messages", seen)
	}
	var comments strings.Builder
	for _, name := range []string{"greeting.go", "jobs.go", "results.go", "control.go", "held.go"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		comments.WriteString(strings.ReplaceAll(string(text), "//", " "))
	}
	for typ, layout := range layouts {
		if typ != TypePing && typ != TypePong && !strings.Contains(flat(comments.String()), flat(layout)) {
			t.Errorf("%v has no doc comment with %q", typ, flat(layout))
		}
	}
}

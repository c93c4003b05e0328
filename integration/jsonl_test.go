package integration

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"
)

// An object is what a program reads out of a line of --format jsonl.
type object struct {
	Seq       int
	Job       *string
	JobB64    []byte `json:"job_b64"`
	Stdout    *string
	StdoutB64 []byte `json:"stdout_b64"`
	Stderr    *string
	StderrB64 []byte `json:"stderr_b64"`
	Exit      *int
}

// bytesOf is a member that has one of two names.
func bytesOf(text *string, b64 []byte) string {
	if text != nil {
		return *text
	}
	return string(b64)
}

// objectsOf reads the lines of a file.
func objectsOf(t *testing.T, text string) (list []object) {
	t.Helper()
	for line := range strings.Lines(text) {
		var o object
		if err := json.Unmarshal([]byte(line), &o); err != nil || !strings.HasSuffix(line, "}\n") {
			t.Fatalf("%q is no object on a line: %v", line, err)
		}
		list = append(list, o)
	}
	return list
}

// noise is records of any bytes but the NUL that ends them, among them some that are
// text.
func noise(rnd *rand.Rand, n int) (records []string) {
	pieces := []string{"\n", "\t", "\"", "\\", "\x01\x1f", "\x7f", "\u20ac", "\U0001f600", "\u2028", "\xed\xa0\x80", "\xff", "\xe2\x82", "plain text ", "12345678"}
	for range n {
		var b strings.Builder
		for range rnd.IntN(12) {
			// Each piece that is no UTF-8 is so rare that half of the records are.
			i := rnd.IntN(len(pieces))
			if i == 9 || i == 10 || i == 11 {
				i = rnd.IntN(len(pieces))
			}
			b.WriteString(pieces[i])
		}
		if rnd.IntN(20) == 0 {
			b.WriteString(strings.Repeat(pieces[rnd.IntN(len(pieces))], rnd.IntN(60_000)))
		}
		records = append(records, b.String())
	}
	return records
}

// TestBytesOfObjects: whatever bytes are in jobs and results, they can be read back
// out of the objects, which have them in the order of the run.
func TestBytesOfObjects(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	// What is said to the one who runs the command, and to the coordinator.
	for _, mode := range [][]string{{"", ""}, {"", " -k"}, {" --lines", ""}, {" --lines", " -k"}} {
		for _, remote := range []bool{false, true} {
			p := newPlace(t)
			n := 60
			if mode[0] != "" {
				n = 2000
			}
			records := noise(rnd, n)
			p.write("jobs", strings.Join(records, "\x00")+"\x00")
			line := "jobpipe -0 -q --buffer 4MiB --format jsonl" + mode[1]
			if remote {
				c := p.start("c", line+" -l 127.0.0.1:0 --listen-file addr <jobs")
				p.finish(p.start("w", "jobpipe-worker -c "+p.address("addr")+mode[0]+" -- cat"), 0)
				p.finish(c, 0)
			} else {
				p.finish(p.start("c", line+mode[0]+" -- cat <jobs"), 0)
			}
			what := fmt.Sprintf("%q, remote %v", mode, remote)
			seen, binary := map[int]bool{}, 0
			for i, o := range objectsOf(t, p.read("c.out")) {
				if o.Seq < 1 || o.Seq > n || seen[o.Seq] || mode[1] != "" && o.Seq != i+1 {
					t.Fatalf("%s: object %d is of job %d", what, i+1, o.Seq)
				}
				seen[o.Seq] = true
				record := records[o.Seq-1]
				if bytesOf(o.Job, o.JobB64) != record || bytesOf(o.Stdout, o.StdoutB64) != record+"\x00" {
					t.Errorf("%s: job %d, %.50q, has the record %.50q and the result %.50q", what, o.Seq, record,
						bytesOf(o.Job, o.JobB64), bytesOf(o.Stdout, o.StdoutB64))
				}
				if o.Job == nil {
					binary++
				}
			}
			if len(seen) != n || binary < n/10 || binary > n-n/10 {
				t.Errorf("%s: %d objects for %d jobs, %d in base64", what, len(seen), n, binary)
			}
		}
	}
}

// validate is a program that holds lines against the schema, and says what is wrong.
const validate = `
import json, sys, jsonschema
with open(sys.argv[1]) as f:
    schema = json.load(f)
kind = jsonschema.validators.validator_for(schema)
kind.check_schema(schema)
checker = kind(schema, format_checker=kind.FORMAT_CHECKER)
for line in sys.stdin.buffer:
    for e in checker.iter_errors(json.loads(line)):
        print(e.message, "in", line[:200])
    print("looked at")
`

// TestSchema: what is written is as the schema says, and what it says is more than
// nothing.
func TestSchema(t *testing.T) {
	require(t, "/usr/bin/python3", "/usr/lib/python3/dist-packages/jsonschema")
	p := newPlace(t)
	p.write("jobs", "echo fine\nprintf '\\377'; printf '\\377' >&2\necho \xff\nexit 3\nkill -9 $$\nsleep 60\n\ntrue long enough that it is not kept\nkill -9 $(ps -o ppid= $$)\n")
	flags := "jobpipe --grace 0 --max-lost 1 --timeout 1s --max-job 36 --retries 1 --format jsonl -l 127.0.0.1:0 --listen-file addr <jobs"
	c := p.start("c", flags)
	addr := p.address("addr")
	p.finish(p.start("w", "jobpipe-worker -c "+addr+" -j 1 -- sh"), 137)
	p.finish(c, 1)
	p.write("many", strings.Repeat("line\n", 100))
	lines := p.start("lines", "jobpipe --lines --format jsonl -- cat <many")
	p.finish(lines, 0)

	check := func(text string) string {
		t.Helper()
		cmd := exec.Command("/usr/bin/python3", "-c", validate, top(t)+"/man/result.schema.json")
		cmd.Stdin = strings.NewReader(text)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v:\n%s", err, out)
		}
		return string(out)
	}
	real := p.read("c.out") + p.read("lines.out")
	if out := check(real); out != strings.Repeat("looked at\n", 109) {
		t.Errorf("the validator says:\n%s\nof\n%s", out, real)
	}
	good := `{"seq":1,"job":"a","stdout":"","stderr":"","exit":0,"signal":null,"error":null,"worker":"w","attempts":1,"start":"2026-11-28T14:41:37.149303Z","seconds":0.003209}`
	if out := check(good); out != "looked at\n" {
		t.Errorf("%s\n%s", good, out)
	}
	for _, change := range [][2]string{
		{`"seq":1`, `"seq":0`}, {`"seq":1,`, ``}, {`"job":"a",`, ``}, {`"job":"a"`, `"job_b64":"a"`}, {`"job":"a"`, `"job":"a","job_b64":"YQ=="`},
		{`"stdout":""`, `"stdout":null`}, {`"stderr":"",`, ``}, {`"exit":0`, `"exit":1`}, {`"exit":0`, `"exit":null`}, {`"error":null`, `"error":"x"`},
		{`"signal":null`, `"signal":9`}, {`"worker":"w"`, `"worker":null`}, {`"attempts":1`, `"attempts":0`}, {`T14`, ` 14`}, {`"seconds":0.003209`, `"seconds":null`},
		{`0.003209}`, `0.003209,"more":1}`},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if out := check(bad); bad == good || out == "looked at\n" {
			t.Errorf("the schema allows %s", bad)
		}
	}
}

// textOf is the text that results in a format have: what jobs printed.
func textOf(t *testing.T, results, format string) string {
	t.Helper()
	var text bytes.Buffer
	switch format {
	case "--format jsonl":
		seen := map[int]bool{}
		for _, o := range objectsOf(t, results) {
			if seen[o.Seq] {
				t.Errorf("job %d has two objects", o.Seq)
			}
			seen[o.Seq] = true
			text.WriteString(bytesOf(o.Stdout, o.StdoutB64))
		}
	case "--tag":
		for line := range strings.Lines(results) {
			_, rest, tagged := strings.Cut(line, "\t")
			if !tagged {
				t.Errorf("%q has no tag", line)
			}
			text.WriteString(rest)
		}
	default:
		return results
	}
	return text.String()
}

// TestTextOf: base64 and text are told apart.
func TestTextOf(t *testing.T) {
	b64 := base64.StdEncoding.EncodeToString([]byte("\xff\n"))
	if got := textOf(t, `{"seq":1,"stdout":"a\n"}`+"\n"+`{"seq":2,"stdout_b64":"`+b64+`"}`+"\n", "--format jsonl"); got != "a\n\xff\n" {
		t.Errorf("objects: %q", got)
	}
	if got := textOf(t, "a\tb\tc\n\t\n", "--tag"); got != "b\tc\n\n" {
		t.Errorf("tags: %q", got)
	}
}

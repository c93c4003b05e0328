package codec

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// A golden file is lines of bytes, each with what they are after a bar. Lines
// that begin with # say what is what. sheet makes one.
type sheet struct{ strings.Builder }

func (s *sheet) title(format string, args ...any) {
	if s.Len() > 0 {
		s.WriteByte('\n')
	}
	fmt.Fprintf(s, "# "+format+"\n", args...)
}

// row writes bytes, 16 a line.
func (s *sheet) row(b []byte, what string) {
	for first := true; first || len(b) > 0; first = false {
		n := min(len(b), 16)
		if what != "" {
			what = " " + what
		}
		fmt.Fprintf(s, "%-47s |%s\n", fmt.Sprintf("% x", b[:n]), what)
		b, what = b[n:], ""
	}
}

// frame writes a frame that is not sealed, field by field.
func (s *sheet) frame(t testing.TB, frame []byte) {
	t.Helper()
	s.row(frame[:4], fmt.Sprintf("length %d", len(frame)-4))
	s.row(frame[4:5], fmt.Sprintf("type %d, %v", frame[4], Type(frame[4])))
	s.row(frame[5:6], fmt.Sprintf("flags %d", frame[5]))
	if frame[5] != 0 {
		s.row(frame[6:], "payload, compressed")
		return
	}
	for _, e := range dissect(t, Type(frame[4]), frame[6:]) {
		s.row(e.bytes, e.what)
	}
}

// golden compares the sheet with its file, and returns the bytes of the file:
// those of each title.
func (s *sheet) golden(t *testing.T, name string) [][]byte {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if *update && s.Len() > 0 {
		if err := os.WriteFile(path, []byte(s.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if s.Len() > 0 && s.String() != string(text) {
		t.Errorf("%s is not what the code writes now, which is:\n%s", path, s)
	}
	var parts [][]byte
	for line := range strings.Lines(string(text)) {
		digits, _, ok := strings.Cut(line, "|")
		if strings.HasPrefix(line, "# ") {
			parts = append(parts, nil)
		}
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		b, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], b...)
	}
	return parts
}

func TestGoldenMessages(t *testing.T) {
	for _, m := range messages {
		var s sheet
		s.title("%v", m.typ)
		s.frame(t, NewEncoder(nil).Append(nil, m.typ, m.again(nil, m.value)))
		parts := s.golden(t, strings.ToLower(m.typ.String()))
		f, n, err := NewDecoder(nil).Next(parts[0])
		if err != nil || n != len(parts[0]) || f.Type != m.typ {
			t.Fatalf("%v: it is read as %v (%v)", m.typ, f, err)
		}
		if got, err := m.parse(f.Payload); err != nil || !reflect.DeepEqual(got, m.value) {
			t.Errorf("%v: it is read as %+v (%v), want %+v", m.typ, got, err, m.value)
		}
	}
}

// The examples of the page are from the golden files.
func TestPageExamples(t *testing.T) {
	page, err := os.ReadFile("../man/jobpipe-protocol.7")
	if err != nil {
		t.Fatal(err)
	}
	_, examples, _ := strings.Cut(string(page), "\n.Sh EXAMPLES\n")
	examples, _, _ = strings.Cut(examples, "\n.Sh ")
	drawings := strings.Split(examples, ".Bd -literal -offset indent\n")[1:]
	names := []string{"opening-plain", "hello", "welcome", "jobs", "results"}
	if len(drawings) != len(names) {
		t.Fatalf("the page has %d examples, want %d", len(drawings), len(names))
	}
	for i, name := range names {
		drawing, _, _ := strings.Cut(drawings[i], ".Ed")
		var got []byte
		for line := range strings.Lines(drawing) {
			b, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(line[:min(24, len(line))]), " ", ""))
			if err != nil {
				t.Fatalf("%s: %q: %v", name, line, err)
			}
			got = append(got, b...)
		}
		if want := new(sheet).golden(t, name)[0]; !bytes.Equal(got, want) {
			t.Errorf("%s: the page has %x, the file %x", name, got, want)
		}
	}
}

// What a compressor makes may change with its version, so these are only read.
func TestGoldenCompressed(t *testing.T) {
	jobs := Jobs{Seq: 1, Count: 40, Attempt: 1}
	for i := range jobs.Count {
		jobs.Records = fmt.Appendf(jobs.Records, "/home/user/photos/2026/IMG_%05d.jpg\n", i)
	}
	for name, c := range map[string]Compression{"jobs-s2": S2, "jobs-zstd": Zstd, "jobs-linked": Linked} {
		e, d := mode{c, false}.ends()
		var s sheet
		if *update {
			s.title("Jobs 1 to 40: /home/user/photos/2026/IMG_00000.jpg to IMG_00039.jpg")
			s.frame(t, e.Append(nil, TypeJobs, AppendJobs(nil, jobs)))
			if c == Linked {
				s.title("The same again")
				s.frame(t, e.Append(nil, TypeJobs, AppendJobs(nil, jobs)))
			}
		}
		for i, part := range s.golden(t, name) {
			f, _, err := d.Next(part)
			if err != nil || part[5] != byte(c) {
				t.Fatalf("%s, frame %d: %v", name, i+1, err)
			}
			if got, err := ParseJobs(f.Payload); err != nil || !reflect.DeepEqual(got, jobs) {
				t.Errorf("%s, frame %d: it is read as %+v (%v)", name, i+1, got, err)
			}
		}
	}
}

func TestGoldenOpeningPlain(t *testing.T) {
	_, opening := Start(nil)
	reply, _, _ := Respond(nil, true, opening)
	var s sheet
	for _, side := range []struct {
		name, last string
		b          []byte
	}{
		{"The worker's opening without a key", "security 0", opening},
		{"The coordinator's answer", "verdict 0", reply},
		{"The answer of a coordinator with a key", "verdict 1", prefix(keyNeeded)},
	} {
		s.title(side.name)
		s.row(side.b[:4], `"JOBP"`)
		s.row(side.b[4:5], "wire version 1")
		s.row(side.b[5:], side.last)
	}
	s.golden(t, "opening-plain")
}

// A whole handshake with known keys, and frames after it.
func TestGoldenSealed(t *testing.T) {
	_, opening := start(&goldenKey, goldenWorker())
	reply, _, err := respond([]Key{goldenKey}, false, opening, goldenCoordinator())
	if err != nil {
		t.Fatal(err)
	}
	worker, coordinator := meet(t)
	var s sheet
	s.title("The key")
	s.row(goldenKey[:], "")
	s.title("The worker's ephemeral private key")
	s.row(seqBytes(0x20, 32), "")
	s.title("The coordinator's ephemeral private key")
	s.row(seqBytes(0x40, 32), "")
	for _, side := range []struct {
		name, last string
		b          []byte
	}{{"The worker's opening", "security 1", opening}, {"The coordinator's answer", "verdict 0", reply}} {
		s.title(side.name)
		s.row(side.b[:4], `"JOBP"`)
		s.row(side.b[4:5], "wire version 1")
		s.row(side.b[5:6], side.last)
		s.row(side.b[6:38], "ephemeral public key")
		s.row(side.b[38:], "tag")
	}

	sending := map[string]*Encoder{"worker": NewEncoder(NewScratch()), "coordinator": NewEncoder(NewScratch())}
	sending["worker"].SetCipher(worker.Send)
	sending["coordinator"].SetCipher(coordinator.Send)
	var want [][]byte
	frame := func(who, which string, typ Type) {
		m := messages[typ-1]
		open := NewEncoder(nil).Append(nil, m.typ, m.again(nil, m.value))
		box := sending[who].Append(nil, m.typ, m.again(nil, m.value))
		s.title("The %s's %s frame: that of %s.txt, sealed", who, which, strings.ToLower(m.typ.String()))
		s.row(box[:4], fmt.Sprintf("length %d", len(box)-4))
		s.row(box[4:len(box)-16], "sealed")
		s.row(box[len(box)-16:], "tag")
		want = append(want, open)
	}
	frame("worker", "1st", TypeHello)
	frame("coordinator", "1st", TypeWelcome)
	frame("coordinator", "2nd", TypeJobs)
	frame("worker", "2nd", TypeResults)
	skip := make([]byte, 0, 64)
	for range rekeyEvery - 2 {
		sending["worker"].Append(skip, TypePing, []byte("12345678"))
	}
	frame("worker", "65,537th", TypePing)

	parts := s.golden(t, "sealed")[5:] // the frames
	_, coordinator = meet(t)
	worker, _ = meet(t)
	receiving := map[string]*Decoder{"worker": NewDecoder(nil), "coordinator": NewDecoder(nil)}
	receiving["worker"].SetCipher(worker.Recv)
	receiving["coordinator"].SetCipher(coordinator.Recv)
	for i, to := range []string{"coordinator", "worker", "worker", "coordinator", "coordinator"} {
		if i == 4 { // it did not read those between
			coordinator.Recv.state.SetNonce(rekeyEvery)
			coordinator.Recv.state.Rekey()
		}
		f, _, err := receiving[to].Next(parts[i])
		if err != nil || !bytes.Equal(NewEncoder(nil).Append(nil, f.Type, f.Payload), want[i]) {
			t.Errorf("the %s reads %v %q (%v)", to, f.Type, f.Payload, err)
		}
	}
}

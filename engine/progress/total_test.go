package progress

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// settle waits until a total is known.
func settle(t *testing.T, total func() int64) int64 {
	t.Helper()
	for range 1000 {
		if n := total(); n != unknown {
			return n
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("nothing was counted")
	return 0
}

func file(t *testing.T, text string) *os.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "jobs")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestTotal(t *testing.T) {
	tests := []struct {
		name, text string
		delim      byte
		skip, want int64
	}{
		{"empty", "", '\n', 0, 0},
		{"lines", "a\nb\n", '\n', 0, 2},
		{"last one without newline", "a\nb", '\n', 0, 2},
		{"empty lines", "\n\n\n", '\n', 0, 3},
		{"from where it stands", "head\na\nb\n", '\n', 5, 2},
		{"at its end", "a\nb", '\n', 3, 0},
		{"with NUL", "a\nb\x00c", 0, 0, 2},
		{"several reads", strings.Repeat("12345678901234\n", 3*countSize/15), '\n', 0, 3 * countSize / 15},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := file(t, test.text)
			if _, err := f.Seek(test.skip, io.SeekStart); err != nil {
				t.Fatal(err)
			}
			if got := settle(t, Total(context.Background(), f, test.delim)); got != test.want {
				t.Errorf("counted %d, want %d", got, test.want)
			}
			if at, _ := f.Seek(0, io.SeekCurrent); at != test.skip {
				t.Errorf("the file stands at %d now, not at %d", at, test.skip)
			}
		})
	}
}

// Nothing is counted before somebody asks.
func TestTotalIsCountedWhenAsked(t *testing.T) {
	f := file(t, "a\nb\n")
	total := Total(context.Background(), f, '\n')
	if err := os.WriteFile(f.Name(), []byte("a\nb\nc\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := settle(t, total); got != 3 {
		t.Errorf("counted %d: before it was asked for", got)
	}
}

func TestTotalOfAPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	w.WriteString("a\n")
	w.Close()
	total := Total(context.Background(), r, '\n')
	if b, _ := io.ReadAll(r); string(b) != "a\n" || total() != unknown {
		t.Errorf("read %q, total %d", b, total())
	}
}

// reads fails after some reads.
type reads struct {
	left int
	err  error
}

func (r *reads) ReadAt(b []byte, _ int64) (int, error) {
	if r.left == 0 {
		return 0, r.err
	}
	r.left--
	return len(b), nil
}

func TestCountGivesUp(t *testing.T) {
	if _, ok := count(context.Background(), &reads{2, errors.New("broken")}, 0, '\n'); ok {
		t.Error("a file that cannot be read was counted")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, ok := count(ctx, &reads{1 << 30, nil}, 0, '\n'); ok {
		t.Error("it was counted to an end that is not there")
	}
}

func TestWidthOfAFile(t *testing.T) {
	if n := Width(file(t, ""))(); n != 0 {
		t.Errorf("a file is a terminal of %d columns", n)
	}
}

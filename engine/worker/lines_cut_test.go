package worker

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

func TestLeading(t *testing.T) {
	for range 2000 {
		var b []byte
		var ends []int
		for range 1 + rand.IntN(50) {
			b = append(b, bytes.Repeat([]byte{'x'}, rand.IntN(1<<rand.IntN(13)))...)
			b = append(b, '\n')
			ends = append(ends, len(b))
		}
		most := 1 + rand.IntN(len(ends)+2)
		count, size := leading(b, '\n', uint64(most))
		if n := min(most, len(ends)); int(count) != n || size != ends[n-1] {
			t.Fatalf("the first %d of %v: %d, %d", most, ends, count, size)
		}
	}
}

func sscan(s string, first, last *int) (int, error) { return fmt.Sscanf(s, "%d-%d", first, last) }

func writeScript(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "job")
	if err := os.WriteFile(path, []byte(body), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

package command

import (
	"bytes"
	"testing"
)

// TestSpoolGrows lets what a job prints grow: memory is asked for rarely, and never
// for more than twice what there is.
func TestSpoolGrows(t *testing.T) {
	var s Spool
	defer s.Close()
	var printed []byte
	grown := 0
	for len(printed) < inMemory+inMemory/2 {
		more := bytes.Repeat([]byte{byte('a' + len(printed)%26)}, 50_000)
		had := cap(s.mem)
		if err := s.add(more); err != nil {
			t.Fatal(err)
		}
		printed = append(printed, more...)
		if cap(s.mem) != had {
			grown++
		}
		if most := min(2*len(printed), inMemory); cap(s.mem) > most {
			t.Fatalf("%d bytes of memory for %d", cap(s.mem), len(printed))
		}
	}
	if grown > 6 {
		t.Errorf("memory was asked for %d times", grown)
	}
	got := make([]byte, len(printed))
	if n, err := s.ReadAt(got, 0); err != nil || n != len(printed) || !bytes.Equal(got, printed) {
		t.Errorf("%d bytes of %d come back (%v), or others", n, len(printed), err)
	}
}

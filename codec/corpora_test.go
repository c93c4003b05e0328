package codec

import (
	"archive/zip"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What has broken decoders of S2 and zstd, or might have, is kept by the library
// with its own tests. Here it is refused, or comes out no larger than allowed, and
// takes no more memory than any other payload.
func TestCorpora(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/klauspost/compress").Output()
	if err != nil {
		t.Fatal(err)
	}
	for compression, pattern := range map[Compression]string{S2: "s2/testdata/fuzz/*.zip", Zstd: "zstd/testdata/*.zip"} {
		files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("there is nothing in %s (%v)", pattern, err)
		}
		s := NewScratch()
		d := NewDecoder(s)
		_, _, _ = d.Next(raw(TypeJobs, byte(compression), []byte{0})) // the Scratch makes its memory
		tried, taken := 0, 0
		for _, file := range files {
			archive, err := zip.OpenReader(file)
			if err != nil {
				t.Fatal(err)
			}
			defer archive.Close()
			for _, entry := range archive.File {
				if entry.UncompressedSize64 > MaxPayload || entry.FileInfo().IsDir() {
					continue
				}
				r, err := entry.Open()
				if err != nil {
					t.Fatal(err)
				}
				payload, err := io.ReadAll(r)
				if err != nil {
					t.Fatal(err)
				}
				tried++
				frame := raw(TypeJobs, byte(compression), payload)
				var f Frame
				n := allocated(func() { f, _, err = d.Next(frame) })
				if n > 4<<20 {
					t.Errorf("%s in %s: %d bytes are allocated", entry.Name, file, n)
				}
				if len(f.Payload) > MaxPayload {
					t.Errorf("%s in %s: %d bytes come out", entry.Name, file, len(f.Payload))
				}
				if err == nil {
					taken++
				}
			}
		}
		if tried == 0 {
			t.Errorf("%d: nothing was tried", compression)
		}
		t.Logf("compression %d: %d payloads, of which %d are taken", compression, tried, taken)
	}
}

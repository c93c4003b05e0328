package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// archive returns a function that writes a tar.gz of files, in a directory of
// its own.
func archive(name string, files []file, date time.Time) func(io.Writer) error {
	return func(w io.Writer) error {
		z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
		if err != nil {
			return err
		}
		if err := writeTar(z, name, files, date); err != nil {
			return err
		}
		return z.Close()
	}
}

// writeTar writes files and the directories they are in, below top if it is not
// empty. All belong to root.
func writeTar(w io.Writer, top string, files []file, date time.Time) error {
	out := tar.NewWriter(w)
	header := func(name string, kind byte, mode, size int64) error {
		return out.WriteHeader(&tar.Header{
			Typeflag: kind, Name: name, Mode: mode, Size: size, ModTime: date, Format: tar.FormatUSTAR,
		})
	}
	sorted := slices.Clone(files)
	for i := range sorted {
		sorted[i].path = path.Join(top, sorted[i].path)
	}
	slices.SortFunc(sorted, func(a, b file) int { return strings.Compare(a.path, b.path) })
	made := map[string]bool{".": true}
	for _, f := range sorted {
		for _, dir := range parents(f.path) {
			if made[dir] {
				continue
			}
			made[dir] = true
			if err := header(dir+"/", tar.TypeDir, 0o755, 0); err != nil {
				return err
			}
		}
		name, kind, mode := f.path, byte(tar.TypeReg), int64(f.mode.Perm())
		if f.mode.IsDir() {
			name, kind, made[f.path] = name+"/", tar.TypeDir, true
		}
		if f.mode&fs.ModeSticky != 0 {
			mode |= 0o1000
		}
		if err := header(name, kind, mode, int64(len(f.data))); err != nil {
			return err
		}
		if _, err := out.Write(f.data); err != nil {
			return err
		}
	}
	return out.Close()
}

// parents are the directories above a file, the outermost first.
func parents(name string) (dirs []string) {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		dirs = append(dirs, dir)
	}
	slices.Reverse(dirs)
	return dirs
}

// squeeze compresses as gzip -9n does.
func squeeze(data []byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	_, _ = z.Write(data) // to memory
	_ = z.Close()
	return b.Bytes()
}

// write makes a file of the release.
func (r *release) write(name string, fill func(io.Writer) error) error {
	f, err := os.OpenFile(filepath.Join(r.out, name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := fill(f); err != nil {
		return fmt.Errorf("making %s: %w", name, err)
	}
	return f.Close()
}

// sums writes SHA256SUMS, in the form that sha256sum -c reads.
func sums(dir string) error {
	const name = "SHA256SUMS"
	entries, err := os.ReadDir(dir) // sorted
	if err != nil {
		return err
	}
	var b bytes.Buffer
	for _, e := range entries {
		if e.Name() == name || e.IsDir() {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%x  %s\n", sha256.Sum256(data), e.Name())
	}
	return os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o644)
}

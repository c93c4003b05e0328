package main

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// largest is what a binary may have at most.
const largest = 12 << 20 // bytes

// A file is one of those that are installed. Its path is relative to the prefix,
// such as /usr.
type file struct {
	path string
	mode fs.FileMode
	data []byte
}

// readTree returns the files below a directory, sorted by path.
func readTree(dir string) (list []file, err error) {
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s is not a regular file", path)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		list = append(list, file{rel, info.Mode().Perm(), data})
		return err
	})
	slices.SortFunc(list, func(a, b file) int { return strings.Compare(a.path, b.path) })
	return list, err
}

// binaries are the programs among files, without those that are scripts.
func binaries(list []file) (found []file) {
	for _, f := range list {
		if strings.HasPrefix(f.path, "bin/") && !bytes.HasPrefix(f.data, []byte("#!")) {
			found = append(found, f)
		}
	}
	return found
}

// checkBinaries refuses programs that are too large, or that would not run on a
// system that has nothing else.
func checkBinaries(list []file, system string) error {
	found := binaries(list)
	if len(found) != 2 {
		return fmt.Errorf("there are %d programs in bin, not 2", len(found))
	}
	for _, f := range found {
		if len(f.data) > largest {
			return fmt.Errorf("%s has %d bytes; %d are the most", f.path, len(f.data), largest)
		}
		if system == "darwin" { // all programs of macOS load its own library
			continue
		}
		program, err := elf.NewFile(bytes.NewReader(f.data))
		if err != nil {
			return fmt.Errorf("%s: %w", f.path, err)
		}
		if slices.ContainsFunc(program.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
			return errors.New(f.path + " is not static: build it with CGO_ENABLED=0")
		}
	}
	return nil
}

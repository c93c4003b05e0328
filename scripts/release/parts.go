package main

import (
	"bytes"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
)

// made is what programs are made of, by what the Go linker noted in them.
type made struct {
	toolchain string // go1.26.8
	main      string // path of the module
	modules   []part
}

type part struct {
	path, version, sum string
	dir                string // where its source is
}

// parts looks into the programs. The modules' sources are in Go's cache: they
// have just been built.
func parts(list []file, source string) (made, error) {
	var all made
	used := map[string]*debug.Module{}
	for _, f := range binaries(list) {
		info, err := buildinfo.Read(bytes.NewReader(f.data))
		if err != nil {
			return all, fmt.Errorf("%s: %w", f.path, err)
		}
		all.toolchain, all.main = info.GoVersion, info.Main.Path
		for _, m := range info.Deps {
			if m.Replace != nil {
				return all, fmt.Errorf("%s: %s is replaced: go install would not do that", f.path, m.Path)
			}
			used[m.Path] = m
		}
	}
	for _, path := range slices.Sorted(maps.Keys(used)) {
		dir, err := ask(source, "list", "-m", "-f", "{{.Dir}}", path)
		if err != nil {
			return all, err
		}
		all.modules = append(all.modules, part{path, used[path].Version, used[path].Sum, dir})
	}
	return all, nil
}

// ask runs the go command in a directory and returns the line it prints.
func ask(dir string, args ...string) (string, error) {
	c := exec.Command("go", args...)
	c.Dir, c.Stderr = dir, os.Stderr
	out, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}

// list returns a function that writes the parts in the form of CycloneDX.
func (m made) list(version string, date time.Time) func(io.Writer) error {
	name := func(path, version string) string { return "pkg:golang/" + path + "@" + version }
	bom := cyclonedx.NewBOM()
	root := cyclonedx.Component{
		BOMRef: name(m.main, version), Type: cyclonedx.ComponentTypeApplication,
		Name: m.main, Version: version, PackageURL: name(m.main, version),
		Licenses: &cyclonedx.Licenses{{License: &cyclonedx.License{ID: "MIT"}}},
	}
	bom.Metadata = &cyclonedx.Metadata{Timestamp: date.Format(time.RFC3339), Component: &root}
	components := []cyclonedx.Component{}
	add := func(path, version, sum string) {
		c := cyclonedx.Component{
			BOMRef: name(path, version), Type: cyclonedx.ComponentTypeLibrary,
			Name: path, Version: version, PackageURL: name(path, version),
		}
		if sum != "" { // of the form in go.sum, which is no hash of one file
			c.Properties = &[]cyclonedx.Property{{Name: "go.sum", Value: sum}}
		}
		components = append(components, c)
	}
	for _, p := range m.modules {
		add(p.path, p.version, p.sum)
	}
	add("std", strings.TrimPrefix(m.toolchain, "go"), "")
	refs := []string{}
	for _, c := range components {
		refs = append(refs, c.BOMRef)
	}
	bom.Components = &components
	bom.Dependencies = &[]cyclonedx.Dependency{{Ref: root.BOMRef, Dependencies: &refs}}
	return func(w io.Writer) error {
		return cyclonedx.NewBOMEncoder(w, cyclonedx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false).EncodeVersion(bom, cyclonedx.SpecVersion1_6)
	}
}

// notices returns the licences of all parts, which ask to be passed on.
func (m made) notices() ([]byte, error) {
	root, err := ask(".", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString("jobpipe is made of the modules below. These are their licences.\n")
	for _, p := range append(slices.Clone(m.modules), part{path: "Go", version: m.toolchain, dir: root}) {
		texts, err := licences(p.dir)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.path, err)
		}
		fmt.Fprintf(&b, "\n%s\n%s %s\n\n", strings.Repeat("-", 72), p.path, p.version)
		for _, text := range texts {
			b.Write(bytes.TrimSpace(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))))
			b.WriteByte('\n')
		}
	}
	return b.Bytes(), nil
}

// licences returns the files at the top of a module that are about them.
func licences(dir string) (texts [][]byte, err error) {
	entries, err := os.ReadDir(dir) // sorted
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		name := strings.ToUpper(strings.TrimSuffix(e.Name(), filepath.Ext(e.Name())))
		if e.IsDir() || !slices.Contains([]string{"LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE"}, name) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	if len(texts) == 0 {
		return nil, errors.New("no licence is in " + dir)
	}
	return texts, nil
}

package main

import (
	"os"
	"path/filepath"
)

const (
	docDir    = "share/doc/jobpipe/"
	partsFile = "LICENSES-OF-PARTS"
)

// docs are the texts that come with the programs.
type docs struct {
	licence   []byte
	notices   []byte // licences of the parts
	changelog []byte
	pages     []file
}

// readDocs collects them from the project and from what the programs are made of.
func readDocs(source string, m made) (d docs, err error) {
	if d.notices, err = m.notices(); err != nil {
		return d, err
	}
	if d.licence, err = os.ReadFile(filepath.Join(source, "LICENSE")); err != nil {
		return d, err
	}
	if d.changelog, err = os.ReadFile(filepath.Join(source, "CHANGELOG.md")); err != nil {
		return d, err
	}
	for _, name := range []string{"README.md", "RELIABILITY.md", "SECURITY.md"} {
		text, err := os.ReadFile(filepath.Join(source, name))
		if err != nil {
			return d, err
		}
		d.pages = append(d.pages, file{docDir + name, 0o644, text})
	}
	return d, nil
}

// plain is how an archive has them.
func (d docs) plain() []file {
	return append([]file{
		{docDir + "LICENSE", 0o644, d.licence},
		{docDir + partsFile, 0o644, d.notices},
		{docDir + "CHANGELOG.md", 0o644, d.changelog},
	}, d.pages...)
}

// Command release makes the files of a release from trees that make install has
// filled, one for each platform: archives, packages for Debian and for rpm, a list
// of what each is made of (CycloneDX), an image for containers, and checksums of all
// of them.
//
// The same trees, version and SOURCE_DATE_EPOCH give the same bytes: order, owners,
// modes and times are set here and never taken from the file system.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// A release is what all its files have in common.
type release struct {
	version string    // as jobpipe --version says it
	date    time.Time // of everything inside
	source  string    // directory of the project
	out     string    // directory for the files
}

func main() {
	r := release{}
	flag.StringVar(&r.version, "version", "", "`version` of the release")
	flag.StringVar(&r.source, "source", "../..", "`directory` of the project")
	flag.StringVar(&r.out, "out", "../../dist/release", "`directory` for the files")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "Usage: release [flags] tree ...\nA tree ends in its platform: dist/tree/linux/amd64.")
		flag.PrintDefaults()
	}
	flag.Parse()
	if err := r.run(flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func (r *release) run(trees []string) error {
	epoch, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	switch {
	case err != nil:
		return errors.New("SOURCE_DATE_EPOCH is not set to the time of the commit in seconds: git log -1 --format=%ct")
	case r.version == "":
		return errors.New("-version is missing: it names the files")
	case len(trees) == 0:
		return errors.New("no tree is named")
	}
	r.date = time.Unix(epoch, 0).UTC()
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return err
	}
	var platforms []platform
	for _, dir := range trees {
		p, err := r.look(dir)
		if err == nil {
			err = r.make(p)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		platforms = append(platforms, p)
	}
	if err := r.image(platforms); err != nil {
		return fmt.Errorf("the image: %w", err)
	}
	return sums(r.out)
}

// A platform is what is released for it.
type platform struct {
	system, arch string
	tree         []file // what is installed
	made         made
	docs         docs
}

// look takes what there is for a platform, and refuses what is no good.
func (r *release) look(dir string) (p platform, err error) {
	p.system, p.arch = filepath.Base(filepath.Dir(dir)), filepath.Base(dir)
	if p.tree, err = readTree(filepath.Join(dir, "usr")); err != nil {
		return p, err
	}
	if err = checkBinaries(p.tree, p.system); err != nil {
		return p, err
	}
	if p.made, err = parts(p.tree, r.source); err != nil {
		return p, err
	}
	p.docs, err = readDocs(r.source, p.made)
	return p, err
}

// make makes the files of one platform.
func (r *release) make(p platform) error {
	name := fmt.Sprintf("jobpipe_%s_%s_%s", r.version, p.system, p.arch)
	if err := r.write(name+".cdx.json", p.made.list(r.version, r.date)); err != nil {
		return err
	}
	if err := r.write(name+".tar.gz", archive(name, append(p.docs.plain(), p.tree...), r.date)); err != nil {
		return err
	}
	if p.system != "linux" {
		return nil
	}
	for _, format := range []string{"deb", "rpm"} {
		if err := r.pack(format, p.arch, p.tree, p.docs); err != nil {
			return err
		}
	}
	return nil
}

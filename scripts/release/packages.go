package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"
	"github.com/goreleaser/nfpm/v2/rpm"
)

const (
	maintainer = "The jobpipe authors <jobpipe@users.noreply.github.com>"
	homepage   = "https://github.com/jobpipe/jobpipe"
	summary    = "spread lines of stdin over worker machines"
	about      = summary + `
jobpipe is a Unix filter: each line of stdin is a job, a program of yours does
one, and the results come back on stdout. Workers on other machines dial in,
and join and leave while it runs. Every job is answered exactly once, or named
as failed.`
)

// What lintian finds, and why it is left so.
const overrides = `# Go programs are static, so that one binary runs on any distribution.
jobpipe: statically-linked-binary [usr/bin/jobpipe]
jobpipe: statically-linked-binary [usr/bin/jobpipe-worker]
# This package is the project's own, and no upload to Debian.
jobpipe: initial-upload-closes-no-bugs [usr/share/doc/jobpipe/changelog.Debian.gz:1]
`

// pack makes the package of a format for an architecture.
func (r *release) pack(format, arch string, tree []file, d docs) error {
	version := packageVersion(r.version, r.date)
	stage, err := os.MkdirTemp("", "jobpipe-package")
	if err != nil {
		return err
	}
	defer os.RemoveAll(stage)
	list := squeezePages(tree)
	packager := nfpm.Packager(rpm.DefaultRPM)
	var suggested []string // what else the scripts for fleets need
	switch format {
	case "deb":
		packager = deb.Default
		suggested = []string{"openssh-client", "slurm-client"}
		list = append(list, d.debian(version, r.date)...)
	case "rpm":
		suggested = []string{"openssh-clients", "slurm"}
		list = append(list, d.redHat()...)
	}
	info := nfpm.WithDefaults(&nfpm.Info{
		Name: "jobpipe", Platform: "linux", Arch: arch,
		Version: version, VersionSchema: "none", Release: "1",
		Section: "utils", Priority: "optional", Maintainer: maintainer, Vendor: "jobpipe",
		Homepage: homepage, License: "MIT", Description: about, MTime: r.date,
		Overridables: nfpm.Overridables{Suggests: suggested},
	})
	info.RPM.Summary = summary
	info.RPM.BuildHost = "localhost" // else the name of this machine
	info.RPM.Group = "Applications/System"
	for i, f := range list {
		source := filepath.Join(stage, fmt.Sprint(i))
		if err := os.WriteFile(source, f.data, 0o600); err != nil {
			return err
		}
		info.Contents = append(info.Contents, &files.Content{
			Source: source, Destination: "/usr/" + f.path, Type: files.TypeFile,
			FileInfo: &files.ContentFileInfo{Owner: "root", Group: "root", Mode: f.mode, MTime: r.date},
		})
	}
	if err := nfpm.PrepareForPackager(info, format); err != nil {
		return err
	}
	return r.write(packager.ConventionalFileName(info), func(w io.Writer) error { return packager.Package(info, w) })
}

// squeezePages compresses manual pages, as both formats have them.
func squeezePages(tree []file) (list []file) {
	for _, f := range tree {
		if strings.HasPrefix(f.path, "share/man/") {
			f.path, f.data = f.path+".gz", squeeze(f.data)
		}
		list = append(list, f)
	}
	return list
}

// debian is how Debian's policy has the texts.
func (d docs) debian(version string, date time.Time) []file {
	copyright := fmt.Sprintf("jobpipe, from %s\n\n%s\nThe licences of the Go modules in it are in /usr/%s.\n",
		homepage, d.licence, docDir+partsFile)
	changelog := fmt.Sprintf("jobpipe (%s-1) unstable; urgency=medium\n\n  * See changelog.gz.\n\n -- %s  %s\n",
		version, maintainer, date.Format(time.RFC1123Z))
	return append([]file{
		{docDir + "copyright", 0o644, []byte(copyright)},
		{docDir + partsFile, 0o644, d.notices},
		{docDir + "changelog.gz", 0o644, squeeze(d.changelog)},
		{docDir + "changelog.Debian.gz", 0o644, squeeze([]byte(changelog))},
		{"share/lintian/overrides/jobpipe", 0o644, []byte(overrides)},
	}, d.pages...)
}

// redHat is how the distributions that use rpm have them.
func (d docs) redHat() []file {
	return append([]file{
		{"share/licenses/jobpipe/LICENSE", 0o644, d.licence},
		{"share/licenses/jobpipe/" + partsFile, 0o644, d.notices},
		{docDir + "CHANGELOG.md", 0o644, d.changelog},
	}, d.pages...)
}

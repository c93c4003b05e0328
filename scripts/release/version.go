package main

import (
	"regexp"
	"strings"
	"time"
)

// What git describe --tags --always --dirty prints, with a tag or without.
var (
	tagged   = regexp.MustCompile(`^v?(\d+\.\d+\.\d+)(?:-([A-Za-z][0-9A-Za-z.]*))?(?:-(\d+)-g([0-9a-f]+))?(-dirty)?$`)
	unsorted = regexp.MustCompile(`[^0-9A-Za-z.]+`)
)

// packageVersion says a version so that Debian and rpm sort it: a prerelease is
// before its release, what comes after a tag is after it, and what has no tag is
// before all that have.
func packageVersion(version string, date time.Time) string {
	m := tagged.FindStringSubmatch(version)
	if m == nil {
		return "0~" + date.Format("20060102150405") + "." + unsorted.ReplaceAllString(version, ".")
	}
	v := m[1]
	if m[2] != "" {
		v += "~" + m[2]
	}
	if m[3] != "" {
		v += "+" + m[3] + ".g" + m[4]
	}
	return v + strings.Replace(m[5], "-", "+", 1)
}

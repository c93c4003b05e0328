package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// need skips a test for which a program is missing. With CI=true none may be.
func need(t *testing.T, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err == nil {
			continue
		}
		if os.Getenv("CI") == "true" {
			t.Fatalf("needs %s, and with CI=true nothing may be missing", tool)
		}
		fmt.Fprintf(os.Stderr, "SKIPPED: %s: needs %s\n", t.Name(), tool)
		t.Skipf("needs %s", tool)
	}
}

// do runs a command and returns what it prints.
func do(t *testing.T, dir string, env []string, argv ...string) string {
	t.Helper()
	c := exec.Command(argv[0], argv[1:]...)
	c.Dir, c.Env = dir, append(os.Environ(), env...)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
	}
	return string(out)
}

// clone copies the project, without what was built.
func clone(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir("../..")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); !slices.Contains([]string{".git", "bin", "dist"}, name) {
			do(t, "../..", nil, "cp", "-r", name, dir)
		}
	}
	return dir
}

const (
	version = "v1.2.3-rc.1"
	debName = "jobpipe_1.2.3~rc.1-1_" + runtime.GOARCH + ".deb"
)

// TestRelease makes a release for Linux in two places, and looks at what is in it.
func TestRelease(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("packages are of Linux")
	}
	need(t, "make", "sha256sum")
	build := func(dir, umask string, env ...string) string {
		do(t, clone(t, dir), env, "sh", "-c", "umask "+umask+`; exec make release VERSION="$0" EPOCH=1700000000 PLATFORMS="linux/amd64 linux/arm64"`, version)
		return filepath.Join(dir, "dist/release")
	}
	dir := build(filepath.Join(t.TempDir(), "one"), "022", "TZ=UTC")
	other := build(filepath.Join(t.TempDir(), "another/of/a/longer/name"), "077", "TZ=Asia/Kathmandu")
	do(t, ".", nil, "diff", "-r", dir, other)
	do(t, dir, nil, "sha256sum", "--check", "--strict", "SHA256SUMS")
	sums, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	if made, _ := filepath.Glob(filepath.Join(dir, "*")); len(made) != 10 || bytes.Count(sums, []byte("\n")) != 9 {
		t.Errorf("these were made: %q; these have sums:\n%s", made, sums)
	}
	name := "jobpipe_" + version + "_linux_" + runtime.GOARCH
	t.Run("archive", func(t *testing.T) { lookAtArchive(t, filepath.Join(dir, name+".tar.gz")) })
	t.Run("parts", func(t *testing.T) { lookAtParts(t, filepath.Join(dir, name+".cdx.json")) })
	t.Run("deb", func(t *testing.T) { lookAtDeb(t, filepath.Join(dir, debName)) })
	t.Run("rpm", func(t *testing.T) { lookAtRPM(t, dir) })
	t.Run("image", func(t *testing.T) { lookAtImage(t, filepath.Join(dir, "jobpipe_"+version+"_image.tar")) })
}

// installed is what is below the prefix, wherever it comes from.
var installed = []string{
	"bin/jobpipe", "bin/jobpipe-slurm", "bin/jobpipe-ssh", "bin/jobpipe-worker", "lib/systemd/system/jobpipe-worker@.service",
	"share/bash-completion/completions/jobpipe", "share/bash-completion/completions/jobpipe-slurm",
	"share/bash-completion/completions/jobpipe-ssh", "share/bash-completion/completions/jobpipe-worker",
	"share/fish/vendor_completions.d/jobpipe-slurm.fish", "share/fish/vendor_completions.d/jobpipe-ssh.fish",
	"share/fish/vendor_completions.d/jobpipe-worker.fish",
	"share/fish/vendor_completions.d/jobpipe.fish",
	"share/jobpipe/result.schema.json",
	"share/man/man1/jobpipe-slurm.1", "share/man/man1/jobpipe-ssh.1", "share/man/man1/jobpipe-worker.1",
	"share/man/man1/jobpipe.1", "share/man/man7/jobpipe-protocol.7", "share/man/man7/jobpipe-scale.7",
	"share/zsh/site-functions/_jobpipe", "share/zsh/site-functions/_jobpipe-slurm",
	"share/zsh/site-functions/_jobpipe-ssh", "share/zsh/site-functions/_jobpipe-worker",
	docDir + "README.md", docDir + "RELIABILITY.md", docDir + "SECURITY.md",
}

// expect compares files below a prefix with those that are installed, and more. In
// packages the manual pages are compressed.
func expect(t *testing.T, got []string, prefix string, packed bool, more ...string) {
	t.Helper()
	var want []string
	for _, name := range append(slices.Clone(installed), more...) {
		if packed && strings.HasPrefix(name, "share/man/") {
			name += ".gz"
		}
		want = append(want, prefix+name)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("it has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// below lists the files in a directory.
func below(t *testing.T, dir string) (list []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			list = append(list, strings.TrimPrefix(path, dir))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// runs checks that the programs in a directory start, and know who they are.
func runs(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{"jobpipe", "jobpipe-worker"} {
		if got := do(t, dir, nil, filepath.Join(dir, name), "--version"); got != name+" "+version+"\n" {
			t.Errorf("%s --version: %q", name, got)
		}
	}
	got := do(t, dir, nil, "sh", "-c", "printf 'a\nb\n' | ./jobpipe -k -- tr a-z A-Z")
	if got != "A\nB\n" {
		t.Errorf("jobpipe prints %q", got)
	}
}

func lookAtArchive(t *testing.T, path string) {
	need(t, "tar")
	dir := t.TempDir()
	do(t, dir, nil, "tar", "xzf", path, "--strip-components=1")
	expect(t, below(t, dir), "/", false, docDir+"CHANGELOG.md", docDir+"LICENSE", docDir+partsFile)
	runs(t, filepath.Join(dir, "bin"))
	notices, err := os.ReadFile(filepath.Join(dir, docDir, partsFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"\ngithub.com/panjf2000/gnet/v2 v", "\ngolang.org/x/sys v", "\nGo go1"} {
		if !bytes.Contains(notices, []byte(part)) {
			t.Errorf("no licence of %q", part)
		}
	}
}

func lookAtParts(t *testing.T, path string) {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var bom cyclonedx.BOM
	if err := cyclonedx.NewBOMDecoder(f, cyclonedx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	if got := bom.Metadata.Component; got.Name != "github.com/jobpipe/jobpipe" || got.Version != version {
		t.Errorf("it is about %s %s", got.Name, got.Version)
	}
	found := map[string]string{}
	for _, c := range *bom.Components {
		found[c.Name] = c.Version
	}
	text, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^\t(\S+/(?:gnet/v2|kong|noise|compress|sys)) (v\S+)$`).FindAllSubmatch(text, -1) {
		if found[string(m[1])] != string(m[2]) {
			t.Errorf("%s is listed as %q, and go.mod has %s", m[1], found[string(m[1])], m[2])
		}
	}
	if found["std"] != strings.TrimPrefix(runtime.Version(), "go") {
		t.Errorf("std is listed as %q", found["std"])
	}
}

// lookAtDeb installs the package below a directory, and removes it.
func lookAtDeb(t *testing.T, path string) {
	need(t, "dpkg", "lintian")
	said := do(t, ".", nil, "lintian", "--allow-root", "--fail-on", "error,warning,info", "--info", path)
	if strings.Contains(said, "unused-override") {
		t.Errorf("lintian says: %s", said)
	}
	root := t.TempDir()
	for _, dir := range []string{"var/lib/dpkg/info", "var/lib/dpkg/updates"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "var/lib/dpkg/status"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	dpkg := []string{"dpkg", "--root=" + root, "--log=/dev/null", "--force-not-root", "--force-bad-path"}
	do(t, root, nil, append(dpkg, "--install", path)...)
	expect(t, below(t, filepath.Join(root, "usr")), "/", true,
		docDir+"copyright", docDir+partsFile, docDir+"changelog.gz", docDir+"changelog.Debian.gz", "share/lintian/overrides/jobpipe")
	runs(t, filepath.Join(root, "usr/bin"))
	do(t, root, nil, append(dpkg, "--purge", "jobpipe")...)
	if left, err := os.ReadDir(root); err != nil || len(left) != 1 || left[0].Name() != "var" {
		t.Errorf("after it was removed there are %v (%v)", left, err)
	}
}

func lookAtRPM(t *testing.T, dir string) {
	need(t, "rpm")
	arch := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
	path := filepath.Join(dir, "jobpipe-1.2.3~rc.1-1."+arch+".rpm")
	got := do(t, dir, nil, "rpm", "-qp", "--qf", "%{NAME} %{VERSION}-%{RELEASE} %{LICENSE} %{BUILDTIME} %{BUILDHOST}", path)
	if want := "jobpipe 1.2.3~rc.1-1 MIT 1700000000 localhost"; got != want {
		t.Errorf("it is %q, want %q", got, want)
	}
	expect(t, strings.Fields(do(t, dir, nil, "rpm", "-qpl", path)), "/usr/", true,
		"share/licenses/jobpipe/LICENSE", "share/licenses/jobpipe/"+partsFile, docDir+"CHANGELOG.md")
	if got := do(t, dir, nil, "rpm", "-qp", "--requires", path); strings.Contains(got, ".so") {
		t.Errorf("it requires %s", got)
	}
	do(t, dir, nil, "rpm", "--checksig", "--nosignature", path)
}

// TestGoInstall serves the tree as go install would find it on the net.
func TestGoInstall(t *testing.T) {
	source, proxy := clone(t, filepath.Join(t.TempDir(), "source")), t.TempDir()
	const path, tag = "github.com/jobpipe/jobpipe", "v1.2.3"
	dir := filepath.Join(proxy, path, "@v")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(source, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	if err := zip.CreateFromDir(&packed, module.Version{Path: path, Version: tag}, source); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"list":        []byte(tag + "\n"),
		tag + ".info": []byte(`{"Version":"` + tag + `"}`),
		tag + ".mod":  mod,
		tag + ".zip":  packed.Bytes(),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	do(t, source, nil, "go", "mod", "download")
	cache := strings.TrimSpace(do(t, ".", nil, "go", "env", "GOMODCACHE"))
	bin, fresh := t.TempDir(), t.TempDir()
	env := []string{
		"GOBIN=" + bin, "GOMODCACHE=" + fresh, "GOFLAGS=-modcacherw -trimpath", "GOSUMDB=off", "CGO_ENABLED=0",
		"GOPROXY=file://" + proxy + ",file://" + cache + "/cache/download",
	}
	for _, name := range []string{"jobpipe", "jobpipe-worker"} {
		do(t, t.TempDir(), env, "go", "install", path+"/cmd/"+name+"@latest")
		if got := do(t, bin, nil, "./"+name, "--version"); got != name+" "+tag+"\n" {
			t.Errorf("--version: %q", got)
		}
	}
}

func TestPackageVersion(t *testing.T) {
	date := time.Unix(1700000000, 0).UTC()
	tests := []struct{ version, want string }{ // in the order in which they come to be
		{"0b191a1", "0~20231114221320.0b191a1"},
		{"v0.1.0-rc1", "0.1.0~rc1"},
		{"v0.1.0-rc1-4-g0b191a1", "0.1.0~rc1+4.g0b191a1"},
		{"v0.1.0-rc2", "0.1.0~rc2"},
		{"v0.1.0", "0.1.0"},
		{"v0.1.0-3-g0b191a1", "0.1.0+3.g0b191a1"},
		{"v0.1.0-3-g0b191a1-dirty", "0.1.0+3.g0b191a1+dirty"},
		{"0.2.0", "0.2.0"},
	}
	for i, test := range tests {
		got := packageVersion(test.version, date)
		if got != test.want {
			t.Errorf("%s becomes %s, want %s", test.version, got, test.want)
		}
		if _, err := exec.LookPath("dpkg"); err == nil && i > 0 {
			do(t, ".", nil, "dpkg", "--compare-versions", packageVersion(tests[i-1].version, date), "lt", got)
		}
	}
	if got := packageVersion("0b191a1-dirty", date); got != "0~20231114221320.0b191a1.dirty" {
		t.Errorf("no tag: %s", got)
	}
}

func TestBinaries(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	shell, err := os.ReadFile("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		list []file
		want string
	}{
		{"not static", []file{{"bin/a", 0o755, shell}, {"bin/b", 0o755, nil}}, "bin/a is not static"},
		{"one is missing", []file{{"bin/a", 0o755, nil}}, "there are 1 programs"},
		{"too large", []file{{"bin/a", 0o755, make([]byte, largest+1)}, {"bin/b", 0o755, nil}}, "12582912 are the most"},
		{"no program", []file{{"bin/a", 0o755, program[:3]}, {"bin/b", 0o755, nil}}, "bin/a: "},
	}
	for _, test := range tests {
		if err := checkBinaries(test.list, "linux"); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %q", test.name, err, test.want)
		}
	}
}

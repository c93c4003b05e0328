package integration

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// tree makes a copy of the project that has its binaries, so that make has
// nothing to build and nothing is changed in the project itself.
func tree(t *testing.T, p *place) string {
	dir := p.abs("tree")
	if err := os.MkdirAll(filepath.Join(dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Makefile", "go.mod", "man", "scripts"} {
		if out, err := exec.Command("cp", "-r", filepath.Join(top(t), name), dir).CombinedOutput(); err != nil {
			t.Fatalf("cp %s: %v: %s", name, err, out)
		}
	}
	for _, name := range []string{"jobpipe", "jobpipe-worker"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("cp", path, filepath.Join(dir, "bin")).CombinedOutput(); err != nil {
			t.Fatalf("cp %s: %v: %s", name, err, out)
		}
	}
	return dir
}

// TestInstall: make install puts everything in place, make uninstall takes it
// away again.
func TestInstall(t *testing.T) {
	t.Parallel()
	require(t, "make")
	p := newPlace(t)
	dir, dest := tree(t, p), p.abs("dest")
	p.finish(p.startIn(dir, "install", []string{"make", "install", "DESTDIR=" + dest, "PREFIX=/usr"}), 0)
	want := map[string]fs.FileMode{
		"usr/share/man/man7/jobpipe-protocol.7": 0o644, "usr/share/man/man7/jobpipe-scale.7": 0o644,
		"usr/share/jobpipe/result.schema.json": 0o644,
	}
	for _, command := range []string{"jobpipe", "jobpipe-worker", "jobpipe-ssh", "jobpipe-slurm"} {
		want["usr/bin/"+command] = 0o755
		want["usr/share/man/man1/"+command+".1"] = 0o644
		want["usr/share/bash-completion/completions/"+command] = 0o644
		want["usr/share/zsh/site-functions/_"+command] = 0o644
		want["usr/share/fish/vendor_completions.d/"+command+".fish"] = 0o644
	}
	if runtime.GOOS == "linux" {
		want["usr/lib/systemd/system/jobpipe-worker@.service"] = 0o644
	}
	for file, mode := range want {
		info, err := os.Stat(filepath.Join(dest, file))
		if err != nil {
			t.Error(err)
		} else if info.Mode() != mode || info.Size() == 0 {
			t.Errorf("%s: mode %v, %d bytes", file, info.Mode(), info.Size())
		}
	}
	if got := filesIn(t, dest); len(got) != len(want) {
		t.Errorf("these are installed: %s", strings.Join(got, " "))
	}
	for _, command := range []string{"jobpipe", "jobpipe-ssh", "jobpipe-slurm"} { // beside its jobpipe
		p.finish(p.start("version", filepath.Join(dest, "usr/bin", command)+" --version"), 0)
	}

	p.finish(p.startIn(dir, "uninstall", []string{"make", "uninstall", "DESTDIR=" + dest, "PREFIX=/usr"}), 0)
	if left := filesIn(t, dest); len(left) > 0 {
		t.Errorf("these are left: %s", strings.Join(left, " "))
	}
}

// filesIn lists the files below a directory.
func filesIn(t *testing.T, dir string) (list []string) {
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			list = append(list, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

// TestDemo runs what make demo does.
func TestDemo(t *testing.T) {
	t.Parallel()
	require(t, "bash", "/usr/share/dict/words")
	p := newPlace(t)
	dir := tree(t, p)
	demo := p.startIn(dir, "demo", []string{"env", "WORDS=600", "scripts/demo"})
	p.finish(demo, 0)
	out := p.read("demo.out")
	if strings.Count(out, "the same as the serial run's") != 2 || strings.Count(out, "killed with -9") != 2 || !strings.Contains(out, "demo: PASSED") {
		t.Errorf("it says:\n%s", out)
	}
}

package integration

import (
	"crypto/rand"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// furnish makes a home with a key, and a place for temporary files, in dir, and
// returns what the environment says about them.
func furnish(dir string) (vars []string, err error) {
	home, tmp := filepath.Join(dir, ".home"), filepath.Join(dir, ".tmp")
	config := filepath.Join(home, ".config", "jobpipe")
	for _, d := range []string{config, tmp} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, err
		}
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	if err := os.WriteFile(filepath.Join(config, "key"), []byte(hex.EncodeToString(key)+"\n"), 0o600); err != nil {
		return nil, err
	}
	return []string{
		"GORACE=" + os.Getenv("GORACE"),
		"HOME=" + home,
		"TMPDIR=" + tmp,
		"EXECUTIONS=" + filepath.Join(dir, executions),
		"LC_ALL=C",
		"TOP=" + filepath.Dir(must(os.Getwd())),
	}, nil
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A place is where a test written in Go works. Scripts have the same.
type place struct {
	t         *testing.T
	dir       string
	env       []string
	processes []*process
}

func newPlace(t *testing.T) *place {
	dir, err := os.MkdirTemp("", "place") // the paths of sockets have to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	vars, err := furnish(dir)
	if err != nil {
		t.Fatal(err)
	}
	env := append(vars, "WORK="+dir, "PATH="+os.Getenv("PATH"))
	for _, v := range []string{"GOCACHE", "GOMODCACHE", "GOPATH", "GOFLAGS", "GOPROXY", "GOTOOLCHAIN"} {
		if value, ok := os.LookupEnv(v); ok {
			env = append(env, v+"="+value)
		}
	}
	p := &place{t: t, dir: dir, env: env}
	t.Cleanup(func() {
		for _, left := range sweep(dir, p.processes) {
			t.Error(left)
		}
	})
	return p
}

func (p *place) abs(file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(p.dir, file)
}

// start starts a command line in which words are separated by single spaces.
// Its stdout and stderr go to NAME.out and NAME.err unless it redirects them.
func (p *place) start(name, line string) *process {
	p.t.Helper()
	return p.startIn(p.dir, name, strings.Split(line, " "))
}

func (p *place) startIn(dir, name string, words []string) *process {
	p.t.Helper()
	argv, r := redirect(words)
	if r.out == "" {
		r.out = p.abs(name + ".out")
	}
	if r.err == "" {
		r.err = p.abs(name + ".err")
	}
	proc, err := launch(name, dir, p.env, argv, r, p.abs)
	if err != nil {
		p.t.Fatal(err)
	}
	p.processes = append(p.processes, proc)
	return proc
}

// finish waits for a process and wants it to end with a status.
func (p *place) finish(proc *process, want int) {
	p.t.Helper()
	status, err := proc.finish()
	if err != nil {
		p.t.Fatal(err)
	}
	if status != want {
		p.t.Fatalf("%s ended with status %d, want %d; its stderr:\n%s", proc.name, status, want, proc.stderr())
	}
}

// write makes a file.
func (p *place) write(file, text string) {
	p.t.Helper()
	if err := os.WriteFile(p.abs(file), []byte(text), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// read returns what is in a file.
func (p *place) read(file string) string {
	p.t.Helper()
	data, err := os.ReadFile(p.abs(file))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(data)
}

// address waits for a coordinator to listen, and returns where.
func (p *place) address(file string) string {
	p.t.Helper()
	text, err := await(p.processes, p.abs(file), func(text string) bool { return strings.HasSuffix(text, "\n") })
	if err != nil {
		p.t.Fatal(err)
	}
	return strings.Fields(text)[0]
}

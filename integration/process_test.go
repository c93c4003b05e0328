package integration

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// deadline is how long anything may take. It is no expectation: what is tested
// takes seconds.
const deadline = 90 * time.Second

// A process was started by a test, which has to finish it.
type process struct {
	name  string
	cmd   *exec.Cmd
	ended chan struct{} // closed when it has been waited for
	log   string        // file with its stderr
	feed  *os.File      // our end of its stdin, if the test feeds it
	drain *os.File      // our end of its stdout, if the test holds that up
}

// begin starts cmd and waits for it in the background.
func begin(name string, cmd *exec.Cmd, log string) (*process, error) {
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	p := &process{name: name, cmd: cmd, ended: make(chan struct{}), log: log}
	go func() {
		_ = cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// running tells whether p has not ended.
func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// finish waits for p to end, and returns its status as a shell would tell it.
// Past the deadline p has to say what its goroutines do.
func (p *process) finish() (status int, err error) {
	select {
	case <-p.ended:
		return statusOf(p.cmd.ProcessState), nil
	case <-time.After(deadline):
	}
	_ = p.cmd.Process.Signal(syscall.SIGQUIT)
	select {
	case <-p.ended:
	case <-time.After(5 * time.Second):
		p.kill()
	}
	return 0, fmt.Errorf("%s has not ended after %v; its stderr:\n%s", p.name, deadline, p.stderr())
}

// kill ends p at once.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Process.Signal(syscall.SIGCONT)
	<-p.ended
	for _, f := range []*os.File{p.feed, p.drain} {
		if f != nil {
			_ = f.Close()
		}
	}
}

// stderr is what p wrote there, without the middle if it is long.
func (p *process) stderr() string {
	const most = 64 << 10
	data, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	if len(data) > most {
		return string(data[:most/2]) + "\n[...]\n" + string(data[len(data)-most/2:])
	}
	return string(data)
}

// statusOf is the exit status, or 128+n after signal n.
func statusOf(s *os.ProcessState) int {
	if w, ok := s.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return 128 + int(w.Signal())
	}
	return s.ExitCode()
}

// A redirection says where one of the standard files of a command leads.
type redirection struct {
	in, out, err string // names of files; "-" is a pipe to the test
	appends      bool   // to out
}

// redirect takes <FILE, >FILE, >>FILE and 2>FILE out of the words of a command.
func redirect(words []string) (argv []string, r redirection) {
	for _, w := range words {
		switch {
		case strings.HasPrefix(w, "2>"):
			r.err = w[2:]
		case strings.HasPrefix(w, ">>"):
			r.out, r.appends = w[2:], true
		case strings.HasPrefix(w, ">"):
			r.out = w[1:]
		case strings.HasPrefix(w, "<"):
			r.in = w[1:]
		default:
			argv = append(argv, w)
		}
	}
	return argv, r
}

// launch starts a command in a directory, with its standard files redirected.
func launch(name, dir string, env, argv []string, r redirection, abs func(string) string) (p *process, err error) {
	path, err := lookPath(argv[0], env)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path, argv[1:]...)
	cmd.Args[0] = argv[0]
	cmd.Dir, cmd.Env = dir, append(env[:len(env):len(env)], "PWD="+dir)
	var theirs, ours []*os.File
	var feed, drain *os.File
	defer func() {
		for _, f := range theirs {
			_ = f.Close()
		}
		if err != nil {
			for _, f := range ours {
				_ = f.Close()
			}
		}
	}()
	open := func(file string, flags int) (*os.File, error) {
		f, err := os.OpenFile(abs(file), flags, 0o644)
		if err == nil {
			theirs = append(theirs, f)
		}
		return f, err
	}
	pipe := func() (r, w *os.File, err error) { return os.Pipe() }

	switch r.in {
	case "":
	case "-":
		in, w, err := pipe()
		if err != nil {
			return nil, err
		}
		theirs, ours, feed = append(theirs, in), append(ours, w), w
		cmd.Stdin = in
	default:
		if cmd.Stdin, err = open(r.in, os.O_RDONLY); err != nil {
			return nil, err
		}
	}
	if r.out == "-" {
		rd, out, err := pipe()
		if err != nil {
			return nil, err
		}
		theirs, ours, drain = append(theirs, out), append(ours, rd), rd
		cmd.Stdout = out
	} else {
		flags := os.O_CREATE | os.O_WRONLY | os.O_TRUNC
		if r.appends {
			flags = os.O_CREATE | os.O_WRONLY | os.O_APPEND
		}
		if cmd.Stdout, err = open(r.out, flags); err != nil {
			return nil, err
		}
	}
	if r.err == r.out {
		cmd.Stderr = cmd.Stdout
	} else if cmd.Stderr, err = open(r.err, os.O_CREATE|os.O_WRONLY|os.O_TRUNC); err != nil {
		return nil, err
	}
	if p, err = begin(name, cmd, abs(r.err)); err == nil {
		p.feed, p.drain = feed, drain
	}
	return p, err
}

// lookPath finds a program in the PATH of env.
func lookPath(name string, env []string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	path := ""
	for _, v := range env {
		if p, ok := strings.CutPrefix(v, "PATH="); ok {
			path = p
		}
	}
	for dir := range strings.SplitSeq(path, ":") {
		if info, err := os.Stat(dir + "/" + name); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return dir + "/" + name, nil
		}
	}
	return "", fmt.Errorf("%s: not found in PATH", name)
}

// take reads n bytes of a drained stdout, or with n < 0 all of the rest.
func (p *process) take(w io.Writer, n int64) error {
	if p.drain == nil {
		return fmt.Errorf("the stdout of %s is not held by the test", p.name)
	}
	_ = p.drain.SetReadDeadline(time.Now().Add(deadline))
	if n < 0 {
		_, err := io.Copy(w, p.drain)
		return errors.Join(err, p.drain.Close())
	}
	_, err := io.CopyN(w, p.drain, n)
	return err
}

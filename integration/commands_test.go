package integration

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// commands are what scripts can say besides what testscript brings. In the
// command lines of run and start, <FILE, >FILE, >>FILE and 2>FILE are what they
// are in a shell; stdin is else /dev/null.
var commands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	// run STATUS COMMAND...: runs it to its end, which has to have that status,
	// 128+n for signal n. What it printed is for stdout, stderr and cmp.
	"run": usage(2, -1, run),
	// start NAME COMMAND...: leaves it in the background. Its stdout and stderr are
	// the files NAME.out and NAME.err. With <- the script feeds its stdin, with >-
	// nobody reads its stdout before the script drains it.
	"start": usage(2, -1, start),
	// finish NAME STATUS: waits for it to end with that status.
	"finish": usage(2, 2, finish),
	// feed NAME FILE...: writes files to its stdin.
	"feed": usage(2, -1, feed),
	// hangup NAME: closes its stdin.
	"hangup": usage(1, 1, hangup),
	// drain NAME FILE [BYTES]: reads its stdout into a file, to the end or so much.
	"drain": usage(2, 3, drain),
	// shut NAME: closes our end of its stdout.
	"shut": usage(1, 1, shut),
	// signal NAME PROCESS...: sends it.
	"signal": usage(2, -1, sendSignal),
	// waitfor FILE [PATTERN]: waits for the file to hold a match, or anything.
	"waitfor": usage(1, 2, waitFor),
	// waitlines N FILE: waits for the file to have at least so many lines.
	"waitlines": usage(2, 2, waitLines),
	// waitbytes N FILE: waits for the file to have at least so many bytes, as long as it grows.
	"waitbytes": usage(2, 2, waitBytes),
	// address VARIABLE FILE: waits for the file of --listen-file, and sets a
	// variable to its first line.
	"address": usage(2, 2, address),
	// freeport VARIABLE: sets a variable to a TCP port that is free.
	"freeport": usage(1, 1, freePort),
	// lines N FILE: it has exactly so many.
	"lines": usage(2, 2, lines),
	// complaint PATTERN: stderr of the last command is one line that matches.
	"complaint": usage(1, 1, complaint),
	// blocks N LINES FILE: it consists of N blocks of so many lines, each with a
	// first word of its own.
	"blocks": usage(3, 3, blocks),
	// notes N FILE: between whatever progress says there, each of "note 1" to
	// "note N" is there once, unharmed.
	"notes": usage(2, 2, notes),
	// sorted FILE FILE: the same lines are in both, in whatever order.
	"sorted": usage(2, 2, sorted),
	// generate FILE N PATTERN: so many lines, where %d is the number of the line.
	"generate": usage(3, 3, generate),
	// oracle [-k] [-reruns] [-failed FILE] JOBS RESULTS: what the program "job"
	// printed is what it had to. With -k in order; without -reruns each job was run
	// once; those in the file have failed.
	"oracle": usage(2, 6, oracle),
	// peak NAME SIZE: it has never had more than that many MiB in memory.
	"peak": usage(2, 2, peak),
	// descriptors NAME FILE: the first time it notes how many it has open, from then
	// on it waits for it to have no more.
	"descriptors": usage(2, 2, descriptors),
	// stalled NAME SIZE: waits for it to stop reading stdin, a file, and wants it to
	// have read no more than that many MiB.
	"stalled": usage(2, 2, stalled),
	// strangers, stranger: see stranger_test.go.
	"strangers": usage(2, 2, strangers),
	"stranger":  usage(2, -1, stranger),
	// need TOOL...: skips the script without them, or where we are not root.
	"need": usage(1, -1, need),
	// memorylimit VARIABLE SIZE: see cgroup_test.go.
	"memorylimit": usage(2, 2, memoryLimit),
	// network A B: see network_test.go.
	"network": usage(2, 2, network),
	// sshd: see sshd_test.go.
	"sshd": usage(0, 0, sshd),
	// slurm: see slurm_test.go.
	"slurm": usage(0, 0, slurm),
	// waitgone PATTERN: waits for no process to have a command line that matches.
	"waitgone": usage(1, 1, waitGone),
}

// usage checks the number of arguments for a command that cannot be negated.
func usage(least, most int, f func(*testscript.TestScript, []string)) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) < least || most >= 0 && len(args) > most {
			ts.Fatalf("wrong usage: see commands_test.go")
		}
		f(ts, args)
	}
}

// environment is what processes of a script find there. More than that is a
// matter for env(1): testscript keeps what the script has set to itself.
func environment(ts *testscript.TestScript) (env []string) {
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "WORK", "EXECUTIONS", "LC_ALL", "TOP", "GORACE"} {
		env = append(env, name+"="+ts.Getenv(name))
	}
	return env
}

// launchIn starts a command of a script; without redirections its stdout and
// stderr go to NAME.out and NAME.err in dir.
func launchIn(ts *testscript.TestScript, name, dir string, words []string) *process {
	argv, r := redirect(words)
	if len(argv) == 0 {
		ts.Fatalf("no command")
	}
	if r.out == "" {
		r.out = filepath.Join(dir, name+".out")
	}
	if r.err == "" {
		r.err = filepath.Join(dir, name+".err")
	}
	p, err := launch(name, ts.MkAbs("."), environment(ts), argv, r, ts.MkAbs)
	ts.Check(err)
	s := stageOf(ts)
	s.order = append(s.order, p)
	return p
}

func run(ts *testscript.TestScript, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	dir, err := os.MkdirTemp("", "jobpipe-run")
	ts.Check(err)
	defer os.RemoveAll(dir)
	p := launchIn(ts, "run", dir, args[1:])
	end(ts, p, want)
	for file, w := range map[string]*bytes.Buffer{"run.out": {}, "run.err": {}} {
		data, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil { // redirected
			continue
		}
		w.Write(data)
		if file == "run.out" {
			_, _ = ts.Stdout().Write(data)
		} else {
			_, _ = ts.Stderr().Write(data)
		}
	}
}

// end waits for a process to end as it should.
func end(ts *testscript.TestScript, p *process, want int) {
	status, err := p.finish()
	ts.Check(err)
	if status != want {
		ts.Fatalf("%s ended with status %d, want %d; its stderr:\n%s", p.name, status, want, p.stderr())
	}
}

func start(ts *testscript.TestScript, args []string) {
	s, name := stageOf(ts), args[0]
	if s.processes[name] != nil {
		ts.Fatalf("there is a process called %s", name)
	}
	s.processes[name] = launchIn(ts, name, ts.MkAbs("."), args[1:])
}

func finish(ts *testscript.TestScript, args []string) {
	s := stageOf(ts)
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	end(ts, s.process(ts, args[0]), want)
	delete(s.processes, args[0])
}

func feed(ts *testscript.TestScript, args []string) {
	p := stageOf(ts).process(ts, args[0])
	if p.feed == nil {
		ts.Fatalf("the stdin of %s is not fed by the script", p.name)
	}
	for _, file := range args[1:] {
		_, err := p.feed.WriteString(ts.ReadFile(file))
		ts.Check(err)
	}
}

func hangup(ts *testscript.TestScript, args []string) {
	p := stageOf(ts).process(ts, args[0])
	if p.feed == nil {
		ts.Fatalf("the stdin of %s is not fed by the script", p.name)
	}
	ts.Check(p.feed.Close())
}

func drain(ts *testscript.TestScript, args []string) {
	n := int64(-1)
	if len(args) == 3 {
		var err error
		n, err = strconv.ParseInt(args[2], 10, 64)
		ts.Check(err)
	}
	f, err := os.OpenFile(ts.MkAbs(args[1]), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	ts.Check(err)
	defer f.Close()
	ts.Check(stageOf(ts).process(ts, args[0]).take(f, n))
}

func shut(ts *testscript.TestScript, args []string) {
	ts.Check(stageOf(ts).process(ts, args[0]).drain.Close())
}

var signals = map[string]syscall.Signal{
	"HUP": syscall.SIGHUP, "INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL,
	"STOP": syscall.SIGSTOP, "CONT": syscall.SIGCONT,
	"QUIT": syscall.SIGQUIT,
}

func sendSignal(ts *testscript.TestScript, args []string) {
	sig, ok := signals[args[0]]
	if !ok {
		ts.Fatalf("unknown signal %s", args[0])
	}
	for _, name := range args[1:] {
		p := stageOf(ts).process(ts, name)
		if err := p.cmd.Process.Signal(sig); err != nil {
			ts.Fatalf("%s: %v; its stderr:\n%s", name, err, p.stderr())
		}
	}
}

func waitFor(ts *testscript.TestScript, args []string) {
	pattern := "."
	if len(args) == 2 {
		pattern = args[1]
	}
	like, err := regexp.Compile(`(?m)` + pattern)
	ts.Check(err)
	_, err = await(stageOf(ts).order, ts.MkAbs(args[0]), like.MatchString)
	ts.Check(err)
}

func waitLines(ts *testscript.TestScript, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	var got int
	if !eventually(stageOf(ts).order, func() bool {
		got, err = countLines(ts.MkAbs(args[1]))
		return got >= want
	}) {
		ts.Fatalf("waited in vain for %d lines in %s: it has %d (%v)\n%s", want, args[1], got, err, tell(stageOf(ts).order))
	}
}

func waitBytes(ts *testscript.TestScript, args []string) {
	want, err := strconv.ParseInt(args[0], 10, 64)
	ts.Check(err)
	for size := int64(-1); size < want; {
		before := size
		if !eventually(stageOf(ts).order, func() bool {
			info, err := os.Stat(ts.MkAbs(args[1]))
			if err == nil {
				size = info.Size()
			}
			return size > before
		}) {
			ts.Fatalf("waited in vain for %d bytes in %s: it stays at %d\n%s", want, args[1], size, tell(stageOf(ts).order))
		}
	}
}

func address(ts *testscript.TestScript, args []string) {
	text, err := await(stageOf(ts).order, ts.MkAbs(args[1]), func(text string) bool { return strings.HasSuffix(text, "\n") })
	ts.Check(err)
	ts.Setenv(args[0], strings.Fields(text)[0])
}

func freePort(ts *testscript.TestScript, args []string) {
	ts.Setenv(args[0], freeTCPPort(stageOf(ts).t))
}

func oracle(ts *testscript.TestScript, args []string) {
	var ordered, reruns bool
	var failed [][]byte
	for ; strings.HasPrefix(args[0], "-"); args = args[1:] {
		switch args[0] {
		case "-k":
			ordered = true
		case "-reruns":
			reruns = true
		case "-failed":
			args = args[1:]
			failed = recordsOf([]byte(ts.ReadFile(args[0])))
		default:
			ts.Fatalf("unknown flag %s", args[0])
		}
	}
	begun, err := begunIn(ts.Getenv("EXECUTIONS"))
	ts.Check(err)
	v := judge(recordsOf([]byte(ts.ReadFile(args[0]))), failed, []byte(ts.ReadFile(args[1])), begun)
	if !ordered {
		v.Disorder = nil
	}
	if reruns {
		v.Rerun = nil
	}
	if fmt.Sprintf("%+v", v) != fmt.Sprintf("%+v", verdict{}) {
		ts.Fatalf("the oracle: %+v", v)
	}
}

func peak(ts *testscript.TestScript, args []string) {
	most, err := strconv.Atoi(args[1])
	ts.Check(err)
	got, err := peakOf(stageOf(ts).process(ts, args[0]).cmd.Process.Pid)
	ts.Check(err)
	ts.Logf("%s has had %d MiB at most", args[0], got>>20)
	if got > int64(most)<<20 {
		ts.Fatalf("%s has had %d MiB in memory, more than %d", args[0], got>>20, most)
	}
}

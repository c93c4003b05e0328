package integration

import (
	"net"
	"runtime"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		Setup:               setup,
		Cmds:                commands,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// stage is what our commands of one script share.
type stage struct {
	t         testing.TB
	processes map[string]*process
	order     []*process
	idle      []net.Conn // of strangers
}

// stageKey is where a script keeps its stage.
type stageKey struct{}

func setup(env *testscript.Env) error {
	vars, err := furnish(env.WorkDir)
	if err != nil {
		return err
	}
	env.Vars = append(env.Vars, vars...)
	env.Setenv("CPUS_TWICE", strconv.Itoa(2*runtime.NumCPU()))
	s := &stage{t: env.T().(testing.TB), processes: map[string]*process{}}
	env.Values[stageKey{}] = s
	env.Defer(func() {
		for _, left := range sweep(env.WorkDir, s.order) {
			s.t.Error(left)
		}
	})
	return nil
}

func stageOf(ts *testscript.TestScript) *stage { return ts.Value(stageKey{}).(*stage) }

// process returns the process of that name.
func (s *stage) process(ts *testscript.TestScript, name string) *process {
	p := s.processes[name]
	if p == nil {
		ts.Fatalf("no process is called %s", name)
	}
	return p
}

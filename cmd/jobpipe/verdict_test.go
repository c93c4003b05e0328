package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"

	"github.com/jobpipe/jobpipe/engine"
	"github.com/jobpipe/jobpipe/engine/command"
)

func TestVerdict(t *testing.T) {
	full := fmt.Errorf("cannot write results to stdout: %w", syscall.ENOSPC)
	useless := fmt.Errorf("%w ./x: its interpreter is missing: #!/no", command.ErrCannotRun)
	tests := []struct {
		name   string
		report engine.Report
		err    error
		by     syscall.Signal
		quiet  bool
		status int
		words  string
	}{
		{"all is well", engine.Report{Read: 5, Done: 5}, nil, 0, false, 0, ""},
		{"no jobs", engine.Report{}, nil, 0, false, 0, ""},
		{"some failed", engine.Report{Read: 500, Done: 500, Failed: 3}, nil, 0, false, 1, "3 of 500 jobs failed"},
		{"the only one failed", engine.Report{Read: 1, Done: 1, Failed: 1}, nil, 0, false, 1, "1 of 1 job failed"},
		{"some failed, quiet", engine.Report{Read: 500, Done: 500, Failed: 3}, nil, 0, true, 1, ""},
		{"Ctrl-C", engine.Report{Read: 500, Done: 120, Failed: 3}, nil, syscall.SIGINT, false, 130, "stopped by SIGINT: 120 of 500 read jobs done, 3 failed"},
		{"Ctrl-C, quiet", engine.Report{Read: 500, Done: 120, Failed: 3}, nil, syscall.SIGINT, true, 130, "stopped by SIGINT: 120 of 500 read jobs done, 3 failed"},
		{"twice", engine.Report{Read: 1}, context.Canceled, syscall.SIGTERM, false, 143, "stopped by SIGTERM: 0 of 1 read job done, 0 failed"},
		{"hangup", engine.Report{Read: 2, Done: 2}, nil, syscall.SIGHUP, false, 129, "stopped by SIGHUP: 2 of 2 read jobs done, 0 failed"},
		{"head", engine.Report{Read: 500, Done: 120, Failed: 3}, engine.ErrStdoutClosed, 0, false, 141, ""},
		{"head and Ctrl-C", engine.Report{}, engine.ErrStdoutClosed, syscall.SIGINT, false, 141, ""},
		{"head and more", engine.Report{}, errors.Join(engine.ErrStdoutClosed, full), 0, false, 141, ""},
		{"disk full", engine.Report{Read: 500, Done: 120, Failed: 3}, full, 0, false, 3,
			"cannot write results to stdout: no space left on device; 120 of 500 read jobs done, 3 failed"},
		{"disk full and Ctrl-C", engine.Report{Read: 5, Done: 1}, full, syscall.SIGINT, false, 3,
			"cannot write results to stdout: no space left on device; 1 of 5 read jobs done, 0 failed"},
		{"two errors", engine.Report{}, errors.Join(errors.New("a"), errors.New("b")), 0, false, 3, "a; b; 0 of 0 read jobs done, 0 failed"},
		{"nothing ran", engine.Report{Read: 5}, useless, 0, false, 2, "cannot run the command ./x: its interpreter is missing: #!/no"},
		{"no more ran", engine.Report{Read: 5, Done: 1}, useless, 0, false, 3,
			"cannot run the command ./x: its interpreter is missing: #!/no; 1 of 5 read jobs done, 0 failed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, words := verdict(test.report, test.err, test.by, test.quiet)
			if status != test.status || words != test.words {
				t.Errorf("%d %q, want %d %q", status, words, test.status, test.words)
			}
		})
	}
}

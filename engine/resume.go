package engine

import (
	"fmt"

	"github.com/jobpipe/jobpipe/engine/commit"
	"github.com/jobpipe/jobpipe/engine/journal"
)

// ErrChanged says that the input is not that of the journal.
var ErrChanged = journal.ErrChanged

// openJournal begins the journal, or takes it up: then this is the run that it
// was begun for.
func (r *Run) openJournal() (err error) {
	o := &r.opt
	r.journal, err = commit.Open(commit.Options{
		Path:     o.Journal,
		Settings: journal.Settings{Delim: o.Delim, KeepOrder: o.KeepOrder, Lines: o.Lines, Format: o.Format, Command: o.Argv},
		Run:      r.id,
		Results:  o.Stdout,
		Replace:  o.Replace,
		Retry:    o.RetryFailed,
		Say:      func(format string, a ...any) { r.said = append(r.said, fmt.Sprintf(format, a...)) },
	})
	if err != nil {
		return err
	}
	r.id = r.journal.Run()
	if r.journal.Resumed() {
		r.said = append(r.said, fmt.Sprintf("going on with the journal %s: jobs done: %d", o.Journal, r.journal.Count()))
	}
	return nil
}

// sayJournal says what there was to say about the journal.
func (r *Run) sayJournal() {
	for _, s := range r.said {
		r.log.Warnf("%s", s)
	}
	r.said = nil
}

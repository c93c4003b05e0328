package engine

import (
	"time"

	"github.com/jobpipe/jobpipe/engine/trace"
)

// beginTrace begins the trace, if one is wanted.
func (r *Run) beginTrace() {
	if r.opt.Trace == nil {
		return
	}
	r.trace = trace.NewFile(r.opt.Trace, func(err error) {
		r.log.Errorf("cannot write the trace to %s: %v; the run goes on without it", r.opt.Trace.Name(), err)
	})
	r.recorder = trace.NewRecorder(r.trace, r.began)
}

// endTrace ends it, once the event loop has ended and tells it nothing more. That
// it is not whole is said, but does not make the run a bad one.
func (r *Run) endTrace() {
	if r.trace == nil {
		return
	}
	r.recorder.End(time.Since(r.began))
	missing, err := r.trace.Close()
	switch {
	case err == trace.ErrStuck:
		r.log.Errorf("the end of the trace in %s is missing: %v", r.opt.Trace.Name(), err)
	case err == nil && missing > 0:
		r.log.Errorf("%d events are missing in the trace in %s, which could not be written fast enough", missing, r.opt.Trace.Name())
	}
}

package schedule

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jobpipe/jobpipe/engine/batch"
)

// A rig plays events to a scheduler and tells its actions as text, so that
// a test reads as a story. The record of job n is "n\n".
type rig struct {
	*Scheduler
	t    *testing.T
	now  time.Duration
	next uint64
}

func newRig(t *testing.T, conf Config) *rig {
	conf.Delim = '\n'
	if conf.MaxLost == 0 {
		conf.MaxLost = 3
	}
	if conf.MaxBytes == 0 {
		conf.MaxBytes = 64 << 10
	}
	return &rig{Scheduler: New(conf), t: t, next: 1}
}

// add reads n more jobs.
func (r *rig) add(n int) {
	var data []byte
	seq := r.next
	for range n {
		data = fmt.Appendf(data, "%d\n", r.next)
		r.next++
	}
	r.Add(batch.Range{Seq: seq, Count: n, Data: data})
}

func (r *rig) join(id WorkerID, slots int) { r.Join(r.now, id, slots) }
func (r *rig) leave(id WorkerID)           { r.Leave(r.now, id) }

// wait lets time pass.
func (r *rig) wait(d time.Duration) { r.now += d }

// answers has the worker answer jobs it holds.
func (r *rig) answers(id WorkerID, from, to uint64) {
	r.t.Helper()
	if n, late := r.Answer(r.now, id, from, int(to-from+1)); n != int(to-from+1) || late {
		r.t.Fatalf("worker %d answers %d-%d: %d are taken, late is %v", id, from, to, n, late)
	}
}

// answersLate has the worker answer jobs that another has settled.
func (r *rig) answersLate(id WorkerID, from, to uint64) {
	r.t.Helper()
	if n, late := r.Answer(r.now, id, from, int(to-from+1)); n != int(to-from+1) || !late {
		r.t.Fatalf("worker %d answers %d-%d: %d are taken, late is %v", id, from, to, n, late)
	}
}

func (r *rig) givesBack(id WorkerID, from, to uint64) {
	r.t.Helper()
	if !r.GiveBack(r.now, id, from, int(to-from+1)) {
		r.t.Fatalf("worker %d was not believed to hold %d-%d", id, from, to)
	}
}

// fails has an attempt fail that is not the last one.
func (r *rig) fails(id WorkerID, seq uint64, attempt int) {
	r.t.Helper()
	r.gets(id, seq, attempt, Verdict{Held: true})
}

// gets has an attempt fail, and compares what becomes of the job.
func (r *rig) gets(id WorkerID, seq uint64, attempt int, want Verdict) {
	r.t.Helper()
	if got := r.Failed(r.now, id, seq, attempt); !reflect.DeepEqual(got, want) {
		r.t.Fatalf("attempt %d at job %d on worker %d: got verdict %+v, want %+v", attempt, seq, id, got, want)
	}
}

// failsForGood has an attempt fail that is the last one.
func (r *rig) failsForGood(id WorkerID, seq uint64, attempt int) {
	r.t.Helper()
	v := r.Failed(r.now, id, seq, attempt)
	if !v.Held || !v.Final {
		r.t.Fatalf("attempt %d at job %d on worker %d: got verdict %+v, want it to be final", attempt, seq, id, v)
	}
	if got, want := string(v.Record.Data), fmt.Sprintf("%d\n", seq); got != want || v.Record.Seq != seq {
		r.t.Fatalf("the record of failed job %d is %q (of %d)", seq, got, v.Record.Seq)
	}
}

// does dispatches and compares the actions with want, one a line.
func (r *rig) does(want ...string) {
	r.t.Helper()
	r.did(r.Dispatch(r.now, nil), want)
}

// ticks is does for Tick.
func (r *rig) ticks(want ...string) {
	r.t.Helper()
	r.did(r.Tick(r.now, nil), want)
}

func (r *rig) did(acts []Action, want []string) {
	r.t.Helper()
	var got []string
	for _, a := range acts {
		got = append(got, r.tell(a))
	}
	if !slices.Equal(got, want) {
		r.t.Fatalf("actions:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func (r *rig) tell(a Action) string {
	switch a.Kind {
	case Revoke:
		return fmt.Sprintf("revoke %d from %d", a.Range.Count, a.Worker)
	case Cancel:
		return fmt.Sprintf("cancel %s at %d", numbers(a.Range), a.Worker)
	}
	var data []byte
	for seq := a.Range.Seq; seq < a.Range.End(); seq++ {
		data = fmt.Appendf(data, "%d\n", seq)
	}
	if string(a.Range.Data) != string(data) {
		r.t.Fatalf("jobs %s come with the bytes %q", numbers(a.Range), a.Range.Data)
	}
	if a.Kind == GiveUp {
		return "give up " + numbers(a.Range)
	}
	text := fmt.Sprintf("%d gets %s", a.Worker, numbers(a.Range))
	if a.Attempt > 1 {
		text += fmt.Sprintf(" attempt %d", a.Attempt)
	}
	return text
}

func numbers(r batch.Range) string {
	if r.Count == 1 {
		return fmt.Sprint(r.Seq)
	}
	return fmt.Sprintf("%d-%d", r.Seq, r.End()-1)
}

// holds compares what the worker is believed to hold.
func (r *rig) holdsOnly(id WorkerID, want ...string) {
	r.t.Helper()
	var got []string
	for _, h := range r.Held(id) {
		got = append(got, numbers(h))
	}
	if !slices.Equal(got, want) {
		r.t.Fatalf("worker %d holds %v, want %v", id, got, want)
	}
}

// counts compares the jobs that wait and are leased.
func (r *rig) counts(waiting, leased int) {
	r.t.Helper()
	if r.Waiting() != waiting || r.Leased() != leased {
		r.t.Fatalf("%d jobs wait and %d are leased, want %d and %d", r.Waiting(), r.Leased(), waiting, leased)
	}
}

// warm makes the worker show a rate: it answers n jobs at that pace.
func (r *rig) warm(id WorkerID, n, perSecond int) {
	r.t.Helper()
	r.add(n)
	r.Dispatch(r.now, nil)
	r.wait(time.Duration(n) * time.Second / time.Duration(perSecond))
	for _, h := range r.Held(id) {
		r.answers(id, h.Seq, h.End()-1)
	}
	r.counts(0, 0)
}

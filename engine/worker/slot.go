package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/command"
)

// slot makes slot n, counted from 0: what it does until the link is over, and
// what to do after that.
func (l *link) slot(n int) (work, end func(), err error) {
	if l.cfg.Lines {
		return l.lineSlot(n)
	}
	s, err := l.cfg.Command.Slot(n + 1)
	if err != nil {
		return nil, nil, err
	}
	return func() { l.workIn(n, s) }, s.Close, nil
}

// workIn runs jobs in a slot until the link is over.
func (l *link) workIn(n int, s *command.Slot) {
	for {
		job, ctx, ok := l.next(n)
		if !ok {
			return
		}
		r, err := s.Run(ctx, command.Job{
			Run: runName(l.welcome), Seq: job.Seq, Attempt: job.attempt,
			Record: job.Data, Delim: l.welcome.Delim, Timeout: l.welcome.Timeout,
			Lasts: l.post,
		})
		if err == nil && l.cfg.swept(&r) {
			r.Stdout.Close()
			r.Stderr.Close()
			err = errSwept
		}
		l.done(n, job, r, err)
	}
}

// next waits for a job, and counts the slot as busy with it.
func (l *link) next(n int) (job leased, ctx context.Context, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.queue.jobs == 0 || l.paused > 0 || l.results.held > maxHeld {
		l.postNow()
		if l.retired || l.ended {
			return leased{}, nil, false
		}
		l.work.Wait()
	}
	if l.retired || l.ended {
		l.postNow()
		return leased{}, nil, false
	}
	job = l.queue.take(l.welcome.Delim)
	ctx, cancel := context.WithCancel(context.Background())
	l.running[n] = running{job.Seq, job.attempt, cancel}
	l.busy++
	return job, ctx, true
}

// done takes what became of a job: a result, or a job that goes back.
func (l *link) done(n int, job leased, r command.Result, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running[n].cancel()
	l.running[n] = running{}
	l.busy--
	job.free()
	if err == nil {
		l.pause = 0
		l.results.put(&result{Result: r, seq: job.Seq, attempt: job.attempt})
	} else {
		l.undone([]span{{job.Seq, 1}}, err)
	}
	l.rested()
	if err != nil || l.results.enough(time.Now()) {
		l.postNow()
	}
}

// post has the results that wait sent. Each job that ends so soon that it does
// not come to this is followed by another, or by a slot that finds none.
func (l *link) post() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.postNow()
}

// postNow is post with the link's mutex held.
func (l *link) postNow() {
	if l.results.ready() {
		l.send.Signal()
	}
}

// undone gives back jobs of a process that was not started, or was cancelled.
// The link's mutex is held.
func (l *link) undone(back []span, err error) {
	l.giveBack(back)
	switch {
	case errors.Is(err, command.ErrCannotRun) && l.cannot == nil:
		l.cannot = err
		close(l.useless)
	case errors.Is(err, command.ErrNotStarted):
		l.rest(err)
	}
}

// rest takes no jobs for a while, longer each time. The link's mutex is held.
func (l *link) rest(err error) {
	if l.paused > 0 || l.retired {
		return
	}
	if l.pause == 0 {
		l.cfg.Log.Warn("job not started", fmt.Sprintf("%v; its job goes back, and no more are taken for a while", err), "why", err, "pause", firstPause)
	}
	l.pause = min(max(2*l.pause, firstPause), lastPause)
	l.halt()
	time.AfterFunc(l.pause, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.goOn()
	})
}

// halt starts no jobs until goOn is called as often: what has not started goes
// back. The link's mutex is held.
func (l *link) halt() {
	if l.paused++; l.paused == 1 {
		l.say(codec.TypeSlots, appendSlots(0))
		l.giveAllBack()
	}
}

// goOn is the opposite of halt. The link's mutex is held.
func (l *link) goOn() {
	if l.paused--; l.paused == 0 && !l.retired && !l.ended {
		l.say(codec.TypeSlots, appendSlots(l.atATime()))
	}
	l.wake()
}

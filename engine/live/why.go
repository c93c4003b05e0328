package live

import (
	"fmt"
	"time"
)

// Facts is what may hold a run up, besides what a Run says.
type Facts struct {
	Met     bool          // there has been a worker
	Where   string        // they are waited for; empty: at no address
	Taking  int           // workers that are connected and take jobs
	Away    int           // workers that may return
	Stuck   time.Duration // for so long stdout has taken nothing of what is there
	NoRoom  bool          // the temporary file takes no more
	ByRate  bool          // jobs wait because of --rate
	Holding uint64        // results behind this job wait for it; 0: none do
}

const (
	// noticeable is after which time something that waits is worth a word.
	noticeable = 2 * time.Second
	// lastFew is how many jobs a run waits for that are worth naming one.
	lastFew = 10
)

// Explain says what r waits for, where it waits, and leaves it empty where it goes
// on as it should.
func (r *Run) Explain(f Facts) { r.Why = r.why(f) }

func (r *Run) why(f Facts) string {
	connected := len(r.Workers) - f.Away
	switch {
	case r.State == Over:
		return ""
	case f.Stuck >= noticeable:
		return "waiting for stdout, which has taken nothing for " + Words(f.Stuck)
	case f.NoRoom:
		return "waiting for room on the disk of the temporary file; no more jobs are begun until there is some"
	case r.State == Stopping:
		return "finishing what runs, and taking no more jobs"
	case r.Running+r.Waiting == 0 && !r.Ended:
		return "waiting for input"
	case connected == 0 && f.Away > 0:
		return "waiting for " + count(f.Away, "worker") + " to come back; what they have is kept for them"
	case connected == 0 && r.Waiting > 0 && f.Met:
		return "waiting for workers: all have left"
	case connected == 0 && r.Waiting > 0:
		text := "waiting for workers: none has come"
		if f.Where != "" {
			text += " to " + f.Where
		}
		return text
	case f.Taking == 0 && r.Waiting > 0 && r.Running == 0:
		return "waiting for workers: none takes jobs for now"
	}
	if text := r.whichJob(f); text != "" {
		return text
	}
	switch idle := r.Running < int64(r.Slots); {
	case idle && f.ByRate:
		return "waiting for --rate to allow more jobs"
	case idle && r.Waiting == 0 && !r.Ended:
		return "waiting for more input: there are slots without a job"
	}
	return ""
}

// whichJob names the job that is waited for.
func (r *Run) whichJob(f Facts) string {
	if len(r.Slow) == 0 || r.Slow[0].For < noticeable {
		return ""
	}
	for _, j := range r.Slow {
		if f.Holding > 0 && j.holds(f.Holding) && j.For >= noticeable {
			j.Seq, j.Count = f.Holding, 1
			return j.words() + "; results behind it wait for it (-k)"
		}
	}
	if r.Ended && r.Waiting == 0 && r.Running <= lastFew && r.Running < int64(r.Slots) {
		last := "job"
		if r.Running > 1 {
			last = fmt.Sprintf("%d jobs", r.Running)
		}
		return "waiting for the last " + last + ": " + r.Slow[0].words()
	}
	return ""
}

func (j *Job) holds(seq uint64) bool { return seq-j.Seq < uint64(j.Count) }

// words is the job, where it runs and for how long.
func (j *Job) words() string {
	if j.Count > 1 {
		return fmt.Sprintf("jobs %d to %d have run for %s on %s", j.Seq, j.Seq+uint64(j.Count)-1, Words(j.For), j.Worker)
	}
	return fmt.Sprintf("job %d has run for %s on %s", j.Seq, Words(j.For), j.Worker)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Words is a time as people say it: 12 s, 3 min, 2 h 5 min.
func Words(d time.Duration) string {
	switch m := int(d / time.Minute); {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d/time.Second))
	case m < 60:
		return fmt.Sprintf("%d min", m)
	case m%60 == 0 || m >= 48*60:
		return fmt.Sprintf("%d h", m/60)
	default:
		return fmt.Sprintf("%d h %d min", m/60, m%60)
	}
}

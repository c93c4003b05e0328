package live

import "time"

// A Brake is what holds a run back.
type Brake int

const (
	Input   Brake = iota // slots are free, and no job is there
	Absent               // jobs are there, and no slot
	Last                 // slots are free, as only the last jobs still run
	Working              // jobs run
	Network              // jobs are on their way, or answers
	Itself               // the same, to and from slots of this process
	Stdout               // results wait for who reads them
	Rate                 // more jobs may not be begun yet
	Kinds                // how many there are
)

// Brakes measures for how long each brake has held a run back. At any moment that
// is divided among the slots: one that has a job is held back by that job, be it
// run or on its way; one whose answers wait for stdout, by stdout; and a free one
// by what keeps it from having a job. Where there are no slots, only the last
// counts.
type Brakes struct {
	wall [Kinds]float64 // seconds
	busy float64        // seconds, of slots with jobs
	last time.Duration
	// Since then:
	slots, jobs, blocked float64
	idle                 Brake
}

// Stand tells how things stand from now on with all workers, and what free slots
// wait for.
func (b *Brakes) Stand(now time.Duration, all *Lane, idle Brake) {
	b.pass(now)
	b.slots, b.jobs, b.blocked, b.idle = float64(all.slots), float64(all.jobs), float64(all.blocked), idle
}

func (b *Brakes) pass(now time.Duration) {
	took := (now - b.last).Seconds()
	b.last = now
	if b.slots == 0 {
		b.wall[b.idle] += took
		return
	}
	slots := max(b.slots, b.jobs)
	b.busy += took * (b.jobs - b.blocked) / slots
	b.wall[Stdout] += took * b.blocked / slots
	b.wall[b.idle] += took * (slots - b.jobs) / slots
}

// Shares is by how much of the time until now each has held the run back, given
// what all slots did, and those of this process. Together they are 1.
func (b *Brakes) Shares(now time.Duration, all, here Total) (shares [Kinds]float64) {
	b.pass(now)
	shares = b.wall
	if free := all.Busy - all.Blocked; free > 0 {
		working := min(all.Worked/free, 1)
		shares[Working] += b.busy * working
		way := b.busy * (1 - working)
		if total := all.way(); total > 0 {
			local := min(here.way()/total, 1)
			shares[Itself] += way * local
			shares[Network] += way * (1 - local)
		}
	}
	sum := 0.0
	for _, s := range shares {
		sum += s
	}
	for i := range shares {
		if sum > 0 {
			shares[i] /= sum
		}
	}
	return shares
}

// way is the slot-time in which jobs or answers were on their way.
func (t Total) way() float64 { return max(0, t.Busy-t.Worked-t.Blocked) }

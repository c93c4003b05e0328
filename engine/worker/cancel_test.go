package worker

import (
	"testing"

	"github.com/jobpipe/jobpipe/codec"
)

func TestCancelOfJobsThatWait(t *testing.T) {
	g := newGates(t, 9)
	c := begin(t, g.config(1))
	c.jobs(1, 1, "a", "b", "c", "d", "e")
	c.jobs(8, 1, "h", "i")
	g.reached(1)
	c.cancelJobs(codec.Span{Seq: 3, Count: 2}, codec.Span{Seq: 9, Count: 1}, codec.Span{Seq: 100, Count: 1 << 60})
	c.gaveBack("3-4 9")
	c.cancelJobs(codec.Span{Seq: 3, Count: 2}) // they are not here any more
	c.echo()
	c.revoke(100)
	c.gaveBack("8 5 2")
	g.pass(1, "")
	c.result()
}

func TestCancelOfAJobThatRuns(t *testing.T) {
	g := newGates(t, 3)
	c := begin(t, g.config(2))
	c.jobs(1, 1, "a", "b", "c")
	g.reached(1)
	g.reached(2)
	c.cancelJobs(codec.Span{Seq: 1, Count: 1})
	c.gaveBack("1")
	g.reached(3) // its slot is free
	g.pass(2, "")
	g.pass(3, "")
	for range 2 {
		if r := c.result(); r.Seq == 1 {
			t.Error("the result of a job that was cancelled")
		}
	}
}

package worker

import (
	"fmt"
	"testing"

	"github.com/jobpipe/jobpipe/codec"
)

func TestRevoke(t *testing.T) {
	for _, c := range []struct {
		n    uint64
		want string
	}{
		{1, "9"},
		{2, "8-9"},
		{3, "8-9 5"},
		{5, "8-9 3-5"},
		{6, "8-9 2-5"},
		{1 << 40, "8-9 2-5"}, // 1 runs
	} {
		t.Run(fmt.Sprint(c.n), func(t *testing.T) {
			g := newGates(t, 9)
			b := begin(t, g.config(1))
			b.jobs(1, 1, "a", "b", "c", "d", "e")
			b.jobs(8, 1, "h", "i")
			g.reached(1)
			b.revoke(c.n)
			b.gaveBack(c.want)
			b.revoke(100)
			b.next() // what is left, or nothing
			b.revoke(100)
			b.gaveBack("")
			g.pass(1, "")
			if r := b.result(); r.Seq != 1 {
				t.Errorf("the result of job %d", r.Seq)
			}
		})
	}
}

// The coordinator takes the first GiveBack for the answer to its Revoke.
func TestEachRevokeIsAnsweredOnce(t *testing.T) {
	const jobs = 5000
	g := newGates(t, 1)
	c := begin(t, g.config(1))
	c.jobs(1, 1, "runs")
	g.reached(1)
	var b []byte
	for n := range uint64(jobs) { // with a gap behind each, so that each is a range
		b = c.enc.Append(b, codec.TypeJobs, codec.AppendJobs(nil, codec.Jobs{Seq: 3 + 2*n, Count: 1, Attempt: 1, Records: []byte("\n")}))
	}
	if err := c.write(b); err != nil {
		t.Fatal(err)
	}
	back := map[uint64]bool{}
	for len(back) < jobs {
		before := len(back)
		c.revoke(jobs)
		m, err := codec.ParseGiveBack(c.expect(codec.TypeGiveBack))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range m.Spans {
			back[s.Seq] = true
		}
		if len(back) == before {
			t.Fatalf("%d of %d jobs were given back", before, jobs)
		}
		c.echo() // nothing more comes
	}
	g.pass(1, "")
	c.result()
}

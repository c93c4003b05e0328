package schedule

import "testing"

func TestRecords(t *testing.T) {
	r := newRig(t, Config{Retries: 1})
	r.join(1, 4)
	r.add(8)
	r.Dispatch(r.now, nil) // 1-4
	check := func(seq uint64, count int, want string, attempt int) {
		t.Helper()
		got, as := r.Records(1, seq, count)
		if string(got.Data) != want || as != attempt || want != "" && got.Seq != seq {
			t.Errorf("jobs %d to %d begin with %d %q as attempt %d, want %q, %d", seq, seq+uint64(count)-1, got.Seq, got.Data, as, want, attempt)
		}
	}
	check(1, 4, "1\n2\n3\n4\n", 1)
	check(3, 1, "3\n", 1)
	check(4, 2, "", 0) // 5 waits
	check(9, 1, "", 0)
	r.answers(1, 2, 2) // a hole in what was handed out together
	check(1, 2, "", 0)
	check(1, 1, "1\n", 1)
	check(3, 2, "3\n4\n", 1)
	r.fails(1, 4, 1)
	r.answers(1, 1, 1)
	r.Dispatch(r.now, nil)
	check(3, 2, "3\n", 1) // 4 was handed out again
	check(4, 1, "4\n", 2)
	if got, _ := r.Records(2, 4, 1); got.Count != 0 {
		t.Errorf("a worker that is not there has %q", got.Data)
	}
}

package live

import "time"

// A Closing is how a run went, told at its end.
type Closing struct {
	Took time.Duration

	Done    int64 // with a result, or failed for good; not those of earlier runs
	Failed  int64 // of those, the failed ones
	Left    int64 // read, and not done
	Retried int64 // attempts that failed and were not the last
	Causes  []Cause

	Joined  int     // workers, each counted once
	Workers []Share // as many of them as are remembered
	All     Total   // of all of them

	Brakes [Kinds]float64 // shares of the time
}

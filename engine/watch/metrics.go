package watch

import (
	"net/http"
	"strconv"

	"github.com/jobpipe/jobpipe/engine/live"
)

// mostSeries is how many workers have figures of their own: the first to join.
const mostSeries = 1000

func (s *Server) metrics(w http.ResponseWriter, _ *http.Request) {
	seen, err := s.look()
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write(expose(seen)) // who has gone does not want it
}

// expose words a run for Prometheus. Names, units and labels follow its conventions;
// counters go from 0 with each run.
func expose(seen *sight) []byte {
	var t text
	r := seen.Run

	t.one(gauge, "jobpipe_run_start_time_seconds", "When the run began, in seconds since 1970.", float64(r.Began.UnixMilli())/1000)
	t.family(gauge, "jobpipe_run_state", "1 for the state that the run is in.")
	for _, state := range []live.State{live.Going, live.Stopping, live.Over} {
		t.sample("jobpipe_run_state", truth(r.State == state), "state", string(state))
	}
	t.one(gauge, "jobpipe_run_held_up", "1 while the run waits for something out of the ordinary: input, workers, stdout, a slow job.", truth(r.Why != ""))

	t.one(counter, "jobpipe_jobs_read_total", "Jobs of the input so far.", float64(r.Read))
	t.one(gauge, "jobpipe_input_ended", "1 once there are no more.", truth(r.Ended))
	if seen.total >= 0 {
		t.one(gauge, "jobpipe_input_jobs", "Jobs of the whole input, about, while not all have been read; missing where it is no file.", float64(seen.total))
	}
	t.one(counter, "jobpipe_jobs_done_total", "Jobs with a result, or failed for good.", float64(r.Done))
	t.one(counter, "jobpipe_jobs_failed_total", "Jobs that failed for good, which are done, too.", float64(r.Failed))
	t.one(counter, "jobpipe_attempts_retried_total", "Attempts at jobs that failed and were not the last.", float64(r.Retried))
	t.one(gauge, "jobpipe_jobs_waiting", "Jobs read and not handed out.", float64(r.Waiting))
	t.one(gauge, "jobpipe_jobs_queued", "Jobs handed out that wait for a slot of their worker, or are on their way.", float64(seen.queued))
	t.one(gauge, "jobpipe_jobs_running", "Jobs in the slots of workers that are connected.", float64(seen.running))
	t.one(gauge, "jobpipe_jobs_away", "Jobs of workers that are away and may return.", float64(seen.kept))
	longest := 0.
	if len(r.Slow) > 0 {
		longest = r.Slow[0].For.Seconds()
	}
	t.one(gauge, "jobpipe_longest_running_job_seconds", "For how long the job has been handed out that has been for longest; 0 when none is.", longest)
	t.durations(&r.Took)

	t.family(gauge, "jobpipe_workers", "Workers that are connected, and those that are away and may return.")
	t.sample("jobpipe_workers", float64(len(r.Workers)-seen.away), "state", "connected")
	t.sample("jobpipe_workers", float64(seen.away), "state", "away")
	t.one(gauge, "jobpipe_slots", "Jobs that all workers together can run at a time.", float64(r.Slots))
	t.family(gauge, "jobpipe_slots_ratio", "The share of the slots' time, in the last seconds, that they did this; free is without a job.")
	for i, share := range seen.all {
		t.sample("jobpipe_slots_ratio", float64(share), "activity", activities[i])
	}

	t.one(counter, "jobpipe_received_bytes_total", "Bytes from workers.", float64(r.Received))
	t.one(counter, "jobpipe_sent_bytes_total", "Bytes to workers.", float64(r.Sent))
	t.one(gauge, "jobpipe_results_held_bytes", "Bytes of results that are held in memory.", float64(r.Held))

	t.workers(r.Workers[:min(len(r.Workers), mostSeries)])
	return t.buf
}

// workers is the figures of each worker. An id is never used again in a run; names
// need not differ.
func (t *text) workers(workers []live.Worker) {
	for _, f := range []struct {
		kind       kind
		name, help string
		value      func(*live.Worker) float64
	}{
		{gauge, "jobpipe_worker_connected", "1 while the worker is connected, 0 while it is away and may return.", func(w *live.Worker) float64 { return truth(!w.Away) }},
		{gauge, "jobpipe_worker_slots", "Jobs that the worker can run at a time.", func(w *live.Worker) float64 { return float64(w.Slots) }},
		{gauge, "jobpipe_worker_jobs_running", "Jobs in the slots of the worker.", func(w *live.Worker) float64 { return float64(w.Running) }},
		{gauge, "jobpipe_worker_jobs_queued", "Jobs that wait for a slot of the worker, or are on their way.", func(w *live.Worker) float64 { return float64(w.Queued) }},
		{counter, "jobpipe_worker_jobs_answered_total", "Jobs that the worker answered.", func(w *live.Worker) float64 { return float64(w.Done) }},
		{counter, "jobpipe_worker_attempts_failed_total", "Attempts at jobs that failed on the worker.", func(w *live.Worker) float64 { return float64(w.Failed) }},
		{counter, "jobpipe_worker_received_bytes_total", "Bytes from the worker.", func(w *live.Worker) float64 { return float64(w.Received) }},
		{counter, "jobpipe_worker_sent_bytes_total", "Bytes to the worker.", func(w *live.Worker) float64 { return float64(w.Sent) }},
		{gauge, "jobpipe_worker_working_ratio", "The share of the time of the worker's slots, in the last seconds, that jobs ran.", func(w *live.Worker) float64 { return float64(w.Working) }},
	} {
		if len(workers) == 0 {
			return
		}
		t.family(f.kind, f.name, f.help)
		for i := range workers {
			w := &workers[i]
			t.sample(f.name, f.value(w), "worker", w.Name, "id", strconv.FormatUint(w.ID, 10))
		}
	}
}

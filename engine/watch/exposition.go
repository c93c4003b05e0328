package watch

import (
	"slices"
	"strconv"
	"strings"

	"github.com/jobpipe/jobpipe/engine/live"
)

// kind is what a figure is.
type kind string

const (
	counter   kind = "counter"
	gauge     kind = "gauge"
	histogram kind = "histogram"
)

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// text is in the format of Prometheus.
type text struct{ buf []byte }

// one is a family of one sample.
func (t *text) one(k kind, name, help string, value float64) {
	t.family(k, name, help)
	t.sample(name, value)
}

// family says what the samples are that follow.
func (t *text) family(k kind, name, help string) {
	t.buf = append(t.buf, "# HELP "+name+" "+help+"\n# TYPE "+name+" "+string(k)+"\n"...)
}

// inLabel is how the value of a label is escaped.
var inLabel = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// sample is a value with its labels, names and values in turns.
func (t *text) sample(name string, value float64, labels ...string) {
	t.buf = append(t.buf, name...)
	open := byte('{')
	for pair := range slices.Chunk(labels, 2) {
		t.buf = append(append(t.buf, open), pair[0]...)
		t.buf = append(append(t.buf, `="`...), inLabel.Replace(strings.ToValidUTF8(pair[1], "\uFFFD"))...)
		t.buf = append(t.buf, '"')
		open = ','
	}
	if len(labels) > 0 {
		t.buf = append(t.buf, '}')
	}
	t.buf = append(t.buf, ' ')
	t.buf = strconv.AppendFloat(t.buf, value, 'g', -1, 64)
	t.buf = append(t.buf, '\n')
}

// durations is the histogram of how long jobs took.
func (t *text) durations(d *live.Durations) {
	const name = "jobpipe_job_duration_seconds"
	t.family(histogram, name, "How long jobs ran, by what their workers say, each attempt for itself.")
	sum := int64(0)
	for i, n := range d.Count {
		bound := "+Inf"
		if i < len(live.Bounds) {
			bound = strconv.FormatFloat(live.Bounds[i].Seconds(), 'g', -1, 64)
		}
		sum += n
		t.sample(name+"_bucket", float64(sum), "le", bound)
	}
	t.sample(name+"_sum", d.Sum.Seconds())
	t.sample(name+"_count", float64(sum))
}

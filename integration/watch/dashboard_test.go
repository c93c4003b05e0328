package watch

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
)

// A dashboard is what we look at of Grafana's.
type dashboard struct {
	UID        string
	Templating struct {
		List []struct{ Name, Type, Query string }
	}
	Panels []struct {
		ID          int
		Title       string
		Description string
		Datasource  struct{ UID string }
		GridPos     struct{ X, Y, W, H int }
		Targets     []struct {
			RefID, Expr  string
			LegendFormat string
			Datasource   struct{ UID string }
		}
	}
}

// familiesOf reads figures as Prometheus does.
func familiesOf(t *testing.T, text string) map[string]*dto.MetricFamily {
	t.Helper()
	p := expfmt.NewTextParser(model.UTF8Validation)
	families, err := p.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// labelsOf are those of a series, or nil if there is none of that name, and whether
// it is a counter. Those of the target are Prometheus' own.
func labelsOf(families map[string]*dto.MetricFamily, name string) (labels []string, counts bool) {
	family := families[name]
	for _, part := range []string{"_bucket", "_sum", "_count"} {
		if base, is := strings.CutSuffix(name, part); is && families[base].GetType() == dto.MetricType_HISTOGRAM {
			family, labels = families[base], []string{"le"}
		}
	}
	if family == nil || family.GetType() == dto.MetricType_HISTOGRAM && labels == nil {
		return nil, false
	}
	labels = append(labels, "instance", "job")
	for _, pair := range family.Metric[0].Label {
		labels = append(labels, pair.GetName())
	}
	return labels, family.GetType() != dto.MetricType_GAUGE
}

// What the dashboard asks for is there, by these names and with these labels, and
// is asked for in the way that its kind needs.
func TestDashboard(t *testing.T) {
	data, err := os.ReadFile("../../scripts/grafana/jobpipe.json")
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	f := pretend(t, "0", busy(3))
	f.size = 500_000
	families := familiesOf(t, metricsOf(t, f.server.URL()))

	known := map[string]bool{"__rate_interval": true}
	for _, v := range d.Templating.List {
		known[v.Name] = true
		if v.Type != "query" {
			continue
		}
		m := regexp.MustCompile(`^label_values\((\w+), (\w+)\)$`).FindStringSubmatch(v.Query)
		if m == nil {
			t.Errorf("variable %s asks for %s", v.Name, v.Query)
		} else if labels, _ := labelsOf(families, m[1]); !slices.Contains(labels, m[2]) {
			t.Errorf("variable %s: there is no %s with %s", v.Name, m[1], m[2])
		}
	}
	variable := regexp.MustCompile(`\$(\w+)`)
	asked, ids := map[string]bool{}, map[int]bool{}
	for i, p := range d.Panels {
		if ids[p.ID] || p.Title == "" || p.Description == "" || p.Datasource.UID != "${source}" || len(p.Targets) == 0 {
			t.Errorf("panel %d, %q, is not whole", p.ID, p.Title)
		}
		ids[p.ID] = true
		for _, o := range d.Panels[:i] {
			a, b := p.GridPos, o.GridPos
			if a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H || a.X+a.W > 24 {
				t.Errorf("%q lies on %q, or beyond the edge", p.Title, o.Title)
			}
		}
		refs := map[string]bool{}
		for _, target := range p.Targets {
			if refs[target.RefID] || target.RefID == "" || target.Datasource.UID != "${source}" {
				t.Errorf("%q: query %q is not whole", p.Title, target.RefID)
			}
			refs[target.RefID] = true
			for _, m := range variable.FindAllStringSubmatch(target.Expr, -1) {
				if !known[m[1]] {
					t.Errorf("%q: there is no variable %s", p.Title, m[1])
				}
			}
			text := strings.NewReplacer("$__rate_interval", "1m", "$instance", "localhost:8080").Replace(target.Expr)
			checkQuery(t, families, p.Title, text, target.LegendFormat, asked)
		}
	}
	if len(asked) < 20 {
		t.Errorf("only these are asked for: %v", asked)
	}
	// Nor does it leave out what is there for all workers together.
	for name := range families {
		if !strings.HasPrefix(name, "jobpipe_worker_") && !asked[name] && !asked[name+"_bucket"] &&
			!slices.Contains([]string{"jobpipe_jobs_read_total", "jobpipe_input_ended", "jobpipe_run_start_time_seconds"}, name) {
			t.Errorf("%s is in no panel", name)
		}
	}
}

func checkQuery(t *testing.T, families map[string]*dto.MetricFamily, panel, text, legend string, asked map[string]bool) {
	t.Helper()
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(text)
	if err != nil {
		t.Errorf("%q: %s: %v", panel, text, err)
		return
	}
	var all []string // labels
	parser.Inspect(expr, func(node parser.Node, path []parser.Node) error {
		v, is := node.(*parser.VectorSelector)
		if !is {
			return nil
		}
		asked[v.Name] = true
		labels, counts := labelsOf(families, v.Name)
		if labels == nil {
			t.Errorf("%q: there is no %s", panel, v.Name)
		}
		all = append(all, labels...)
		for _, m := range v.LabelMatchers {
			if m.Name != "__name__" && !slices.Contains(labels, m.Name) {
				t.Errorf("%q: %s has no %s", panel, v.Name, m.Name)
			}
			if m.Name != "__name__" && m.Name != "instance" && !has(families[v.Name], m.Name, m.Value) {
				t.Errorf("%q: %s has no %s that is %s", panel, v.Name, m.Name, m.Value)
			}
		}
		rated := slices.ContainsFunc(path, func(n parser.Node) bool {
			call, is := n.(*parser.Call)
			return is && call.Func.Name == "rate"
		})
		if rated && !counts {
			t.Errorf("%q: %s is no counter", panel, v.Name)
		}
		return nil
	})
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if a, is := node.(*parser.AggregateExpr); is {
			for _, label := range a.Grouping {
				if !slices.Contains(all, label) {
					t.Errorf("%q: nothing has a %s", panel, label)
				}
			}
		}
		return nil
	})
	for _, m := range regexp.MustCompile(`{{(\w+)}}`).FindAllStringSubmatch(legend, -1) {
		if !slices.Contains(all, m[1]) {
			t.Errorf("%q: nothing has the %s of the legend", panel, m[1])
		}
	}
}

// has tells whether there is a series with a label of that value.
func has(family *dto.MetricFamily, name, value string) bool {
	for _, m := range family.GetMetric() {
		for _, pair := range m.Label {
			if pair.GetName() == name && pair.GetValue() == value {
				return true
			}
		}
	}
	return false
}

package kubernetes

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	core "k8s.io/api/core/v1"
)

// thumbs is the program of the example. Job 11 and those behind it wait for a file; and
// all say whether they could write where they should not.
const thumbs = `#!/bin/sh
read -r job
: > /tmp/scratch
if [ "$job" -gt 10 ]; then
	until [ -e /tmp/go ]; do sleep 0.05; done
fi
for file in /srv/file /etc/jobpipe/file /usr/file; do
	if touch $file; then echo "$file was written"; fi
done 2> /dev/null
echo "$job by $(id -u):$(id -g)"
`

// TestRun is a run whose coordinator is lost, and whose first worker is told to go
// while it has a job: each result is there once. What the autoscaler goes by is among
// the figures of the coordinator.
func TestRun(t *testing.T) {
	image := t.TempDir()
	if err := os.Chmod(image, 0o755); err != nil {
		t.Fatal(err)
	}
	node := newNode(t, image)
	compile := exec.Command("go", "build", "-o", image, "./cmd/jobpipe", "./cmd/jobpipe-worker")
	compile.Dir, compile.Env = "../..", append(os.Environ(), "CGO_ENABLED=0")
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.WriteFile(filepath.Join(image, "thumbs.sh"), []byte(thumbs), 0o755); err != nil {
		t.Fatal(err)
	}
	key, err := exec.Command(filepath.Join(image, "jobpipe"), "--new-key").Output()
	if err != nil {
		t.Fatal(err)
	}
	m := build(t, string(key))

	data := t.TempDir()
	const jobs = 30
	var list strings.Builder
	var want []string
	for i := range jobs {
		fmt.Fprintln(&list, i+1)
		want = append(want, fmt.Sprintf("%d by 65532:65532", i+1))
	}
	if err := os.WriteFile(filepath.Join(data, "jobs.txt"), []byte(list.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	results := func() []string {
		text, _ := os.ReadFile(filepath.Join(data, "results.txt"))
		return strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' })
	}
	coordinator := func(name string) *container {
		pod := m.coordinator.Spec.Template.Spec
		c := node.run(name, pod, data, m.key.Data)
		for _, probe := range []*core.Probe{pod.Containers[0].StartupProbe, pod.Containers[0].ReadinessProbe, pod.Containers[0].LivenessProbe} {
			c.await("its probe", func() bool { return node.get(pod, probe.HTTPGet) != "" })
		}
		return c
	}
	worker := func(name string) *container {
		return node.run(name, m.worker.Spec.Template.Spec, "", m.key.Data)
	}
	open := func(c *container) {
		if err := os.WriteFile(filepath.Join(c.dir, "tmp/go"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}

	early := worker("early") // before there is anybody
	first := coordinator("first")
	first.await("ten results", func() bool { return len(results()) == 10 })
	figures := node.get(m.coordinator.Spec.Template.Spec, &core.HTTPGetAction{Path: "/metrics", Port: m.service.Spec.Ports[1].TargetPort})
	for _, metric := range m.autoscaler.Spec.Metrics {
		if !regexp.MustCompile(`(?m)^` + metric.Object.Metric.Name + ` \d+$`).MatchString(figures) {
			t.Errorf("%s is not among the figures:\n%s", metric.Object.Metric.Name, figures)
		}
	}
	first.signal(syscall.SIGKILL)
	first.end(128 + int(syscall.SIGKILL))
	second := coordinator("second")
	early.await("its coordinator", func() bool { return strings.Contains(second.log(), "going on with the journal") })
	early.signal(syscall.SIGTERM)
	early.await("word that it finishes", func() bool { return strings.Contains(early.log(), "finishing the jobs that run") })
	open(early)
	early.end(128 + int(syscall.SIGTERM))
	late := worker("late")
	open(late)
	second.end(0)
	late.signal(syscall.SIGTERM)
	late.end(128 + int(syscall.SIGTERM))

	got := results()
	slices.Sort(got)
	if slices.Sort(want); !slices.Equal(got, want) {
		t.Errorf("there are %d results:\n%s", len(got), strings.Join(got, "\n"))
	}
}

// get asks a container of a pod for a page, and returns nothing if it does not answer.
func (n *node) get(pod core.PodSpec, what *core.HTTPGetAction) string {
	for _, port := range pod.Containers[0].Ports {
		if port.Name == what.Port.StrVal {
			out, err := n.within("curl", "-fsS", "--max-time", "10", fmt.Sprintf("http://127.0.0.1:%d%s", port.ContainerPort, what.Path)).Output()
			if err == nil {
				return string(out)
			}
		}
	}
	return ""
}

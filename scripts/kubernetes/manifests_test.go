package kubernetes

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// manifests are what the example consists of.
type manifests struct {
	coordinator batch.Job
	service     core.Service
	worker      apps.Deployment
	autoscaler  autoscaling.HorizontalPodAutoscaler
	key         core.Secret
	data        core.PersistentVolumeClaim
}

// build has kustomize make them with a key, and decodes them. What the types of
// Kubernetes do not know, or is there twice, is an error.
func build(t *testing.T, key string) (m manifests) {
	t.Helper()
	dir := t.TempDir()
	for _, part := range []string{"base", "example"} {
		if out, err := exec.Command("cp", "-r", part, dir).CombinedOutput(); err != nil {
			t.Fatalf("cp: %v: %s", err, out)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "example/key"), []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join(dir, "example"))
	if err != nil {
		t.Fatal(err)
	}
	into := map[string]any{
		"batch/v1 Job": &m.coordinator, "v1 Service": &m.service, "apps/v1 Deployment": &m.worker,
		"autoscaling/v2 HorizontalPodAutoscaler": &m.autoscaler, "v1 Secret": &m.key, "v1 PersistentVolumeClaim": &m.data,
	}
	for _, r := range all.Resources() {
		kind := r.GetApiVersion() + " " + r.GetKind()
		target := into[kind]
		if target == nil {
			t.Fatalf("there is a %s that is not expected, or a second one", kind)
		}
		delete(into, kind)
		text, err := r.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.UnmarshalStrict(text, target); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	for kind := range into {
		t.Errorf("there is no %s", kind)
	}
	return m
}

func TestManifests(t *testing.T) {
	m := build(t, "a key\n")
	if got := string(m.key.Data["key"]); got != "a key\n" || !strings.HasPrefix(m.key.Name, "jobpipe-key-") {
		t.Errorf("the secret %s holds %q", m.key.Name, got)
	}
	for name, pod := range map[string]core.PodTemplateSpec{"coordinator": m.coordinator.Spec.Template, "worker": m.worker.Spec.Template} {
		t.Run(name, func(t *testing.T) {
			if got := pod.Labels["app.kubernetes.io/component"]; got != name {
				t.Errorf("it is labelled as %q", got)
			}
			confined(t, pod.Spec, m.key.Name)
		})
	}
	// Who is selected.
	for name, selector := range map[string]map[string]string{
		"coordinator": m.service.Spec.Selector, "worker": m.worker.Spec.Selector.MatchLabels,
	} {
		for label, value := range selector {
			template := m.coordinator.Spec.Template
			if name == "worker" {
				template = m.worker.Spec.Template
			}
			if template.Labels[label] != value {
				t.Errorf("%s=%s selects no %s", label, value, name)
			}
		}
		if selector["app.kubernetes.io/component"] != name {
			t.Errorf("%v is not about the %s", selector, name)
		}
	}
	ports := map[string]int32{}
	for _, p := range m.coordinator.Spec.Template.Spec.Containers[0].Ports {
		ports[p.Name] = p.ContainerPort
	}
	for _, p := range m.service.Spec.Ports {
		if p.Port != ports[p.TargetPort.StrVal] {
			t.Errorf("port %d of the service leads to %s, which is %d; without an address of its own it has to be the same",
				p.Port, p.TargetPort.StrVal, ports[p.TargetPort.StrVal])
		}
	}
	for _, volume := range m.coordinator.Spec.Template.Spec.Volumes {
		if claim := volume.PersistentVolumeClaim; claim != nil && claim.ClaimName != m.data.Name {
			t.Errorf("the data is of %s, not %s", claim.ClaimName, m.data.Name)
		}
	}
	// Who is scaled, and that nobody else has a say in it.
	target := m.autoscaler.Spec.ScaleTargetRef
	if target.Kind != "Deployment" || target.APIVersion != "apps/v1" || target.Name != m.worker.Name || m.worker.Spec.Replicas != nil {
		t.Errorf("%+v is scaled, and the worker has %v replicas", target, m.worker.Spec.Replicas)
	}
	for _, metric := range m.autoscaler.Spec.Metrics {
		if o := metric.Object; metric.Type != autoscaling.ObjectMetricSourceType || o == nil ||
			o.DescribedObject.Name != m.service.Name || o.Target.Type != autoscaling.AverageValueMetricType || o.Target.AverageValue == nil {
			t.Errorf("it is scaled by %+v", metric)
		}
	}
	// A run that failed is not run again, and only one at a time has the journal.
	if p := m.coordinator.Spec.PodFailurePolicy; p == nil || len(p.Rules) != 2 || !slices.Equal(p.Rules[0].OnExitCodes.Values, []int32{1, 2}) ||
		m.coordinator.Spec.Template.Spec.RestartPolicy != core.RestartPolicyNever || *m.coordinator.Spec.PodReplacementPolicy != batch.Failed {
		t.Errorf("what happens on failures: %+v", p)
	}
}

// confined checks that a pod can do as little as possible, and has the key.
func confined(t *testing.T, pod core.PodSpec, key string) {
	t.Helper()
	all := pod.SecurityContext
	if all == nil || !*all.RunAsNonRoot || *all.RunAsUser != 65532 || *all.RunAsGroup != 65532 || *all.FSGroup != 65532 ||
		all.SeccompProfile.Type != core.SeccompProfileTypeRuntimeDefault || *pod.AutomountServiceAccountToken {
		t.Errorf("the pod has %+v", all)
	}
	if len(pod.Containers) != 1 {
		t.Fatalf("it has %d containers", len(pod.Containers))
	}
	c := pod.Containers[0]
	own := c.SecurityContext
	if own == nil || *own.AllowPrivilegeEscalation || !*own.ReadOnlyRootFilesystem || !slices.Equal(own.Capabilities.Drop, []core.Capability{"ALL"}) {
		t.Errorf("the container has %+v", own)
	}
	if c.Image != "registry.example/thumbs:3" {
		t.Errorf("its image is %s", c.Image)
	}
	if c.Resources.Limits.Memory().IsZero() || c.Resources.Requests.Cpu().IsZero() {
		t.Errorf("its resources are %+v", c.Resources)
	}
	if *pod.TerminationGracePeriodSeconds < 60 {
		t.Errorf("it has %d seconds to finish", *pod.TerminationGracePeriodSeconds)
	}
	mounts := map[string]string{}
	for _, m := range c.VolumeMounts {
		mounts[m.Name] = m.MountPath
	}
	for _, v := range pod.Volumes {
		if v.Secret != nil && (v.Secret.SecretName != key || *v.Secret.DefaultMode != 0o440 || mounts[v.Name] != "/etc/jobpipe") {
			t.Errorf("the key is %+v in %s", v.Secret, mounts[v.Name])
		}
		if mounts[v.Name] == "" {
			t.Errorf("%s is mounted nowhere", v.Name)
		}
	}
	if len(mounts) != len(pod.Volumes) {
		t.Errorf("%v are mounted, of %d", mounts, len(pod.Volumes))
	}
}

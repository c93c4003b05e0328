package kubernetes

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
)

// deadline is for what takes seconds at most.
const deadline = 90 * time.Second

// A node runs the containers of pods, as a kubelet would have it done: in a network
// where each container can reach the others, each with a file system of its own.
type node struct {
	t      *testing.T
	dir    string
	image  string // directory of programs that are in the image, besides those of Debian
	spaces *exec.Cmd
}

// newNode needs root for namespaces and mounts. With CI=true nothing may be missing.
func newNode(t *testing.T, image string) *node {
	t.Helper()
	missing := ""
	for _, tool := range []string{"unshare", "nsenter", "setpriv", "chroot", "mount", "ip", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			missing = tool
		}
	}
	if os.Geteuid() != 0 {
		missing = "root"
	}
	if missing != "" && os.Getenv("CI") == "true" {
		t.Fatalf("needs %s, and with CI=true nothing may be missing", missing)
	}
	if missing != "" {
		fmt.Fprintf(os.Stderr, "SKIPPED: %s: needs %s\n", t.Name(), missing)
		t.Skipf("needs %s", missing)
	}
	n := &node{t: t, dir: t.TempDir(), image: image}
	n.spaces = exec.Command("unshare", "--net", "--mount", "sh", "-c", "ip link set lo up && echo ready && exec sleep 3600")
	out, err := n.spaces.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := n.spaces.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = n.spaces.Process.Kill()
		_ = n.spaces.Wait()
	})
	if said, err := bufio.NewReader(out).ReadString('\n'); said != "ready\n" {
		t.Fatalf("no namespaces: %q (%v)", said, err)
	}
	return n
}

// within is a command in the node's network, which sees its mounts.
func (n *node) within(argv ...string) *exec.Cmd {
	return exec.Command("nsenter", append([]string{"--target", fmt.Sprint(n.spaces.Process.Pid), "--net", "--mount"}, argv...)...)
}

// do runs a line of shell there.
func (n *node) do(line string) {
	n.t.Helper()
	if out, err := n.within("sh", "-ec", line).CombinedOutput(); err != nil {
		n.t.Fatalf("%s: %v: %s", line, err, out)
	}
}

// A container runs, and has to be ended.
type container struct {
	*exec.Cmd
	t     *testing.T
	dir   string // with its root, its volumes, and what it says
	ended chan struct{}
}

// run starts the container of a pod. Of its volumes the claim is the directory that is
// given, the secret holds what is given, and others are empty.
func (n *node) run(name string, pod core.PodSpec, claim string, secret map[string][]byte) *container {
	n.t.Helper()
	c := pod.Containers[0]
	dir := filepath.Join(n.dir, name)
	root := filepath.Join(dir, "root")
	group := int(*pod.SecurityContext.FSGroup)
	for _, d := range []string{"usr", "dev", "proc", "etc", "opt/image", "srv"} {
		n.check(os.MkdirAll(filepath.Join(root, d), 0o755))
	}
	mounts := []string{"mount --bind $0 $0", "mount --bind /usr $0/usr", "mount --bind /dev $0/dev", "mount --bind /proc $0/proc"}
	for _, link := range []string{"bin", "lib", "lib64"} {
		n.check(os.Symlink("usr/"+link, filepath.Join(root, link)))
	}
	mounts = append(mounts, "mount --bind "+n.image+" $0/opt/image", "cp "+n.image+"/*.sh $0/srv/")
	n.check(os.WriteFile(filepath.Join(root, "etc/hosts"), []byte("127.0.0.1 localhost jobpipe\n"), 0o644))
	for _, m := range c.VolumeMounts {
		for _, v := range pod.Volumes {
			if v.Name != m.Name {
				continue
			}
			source := filepath.Join(dir, v.Name)
			switch {
			case v.PersistentVolumeClaim != nil:
				source = claim
			case v.Secret != nil:
				n.leave(source, secret, os.FileMode(*v.Secret.DefaultMode), group)
			default:
				n.check(os.Mkdir(source, 0o755))
			}
			n.check(os.MkdirAll(filepath.Join(root, m.MountPath), 0o755))
			if v.Secret == nil {
				n.give(source, group)
			}
			mounts = append(mounts, "mount --bind "+source+" $0"+m.MountPath)
			if m.ReadOnly || v.Secret != nil {
				mounts = append(mounts, "mount -o remount,bind,ro $0"+m.MountPath)
			}
		}
	}
	if *c.SecurityContext.ReadOnlyRootFilesystem {
		mounts = append(mounts, "mount -o remount,bind,ro $0")
	}
	n.do(strings.ReplaceAll(strings.Join(mounts, "; "), "$0", root))

	as := pod.SecurityContext
	argv := []string{
		"chroot", root, "setpriv", fmt.Sprintf("--reuid=%d", *as.RunAsUser), fmt.Sprintf("--regid=%d", *as.RunAsGroup),
		fmt.Sprintf("--groups=%d", group), "--no-new-privs", "--bounding-set=-all",
		"env", "-i", "-C", "/" + strings.TrimPrefix(c.WorkingDir, "/"), "PATH=/opt/image:/usr/bin:/bin", "HOME=/", "HOSTNAME=" + name,
	}
	for _, e := range c.Env {
		argv = append(argv, e.Name+"="+e.Value)
	}
	running := &container{Cmd: n.within(append(append(argv, c.Command...), c.Args...)...), t: n.t, dir: dir, ended: make(chan struct{})}
	log, err := os.Create(filepath.Join(dir, "log"))
	n.check(err)
	defer log.Close()
	running.Stdout, running.Stderr = log, log
	n.check(running.Start())
	go func() {
		_ = running.Wait()
		close(running.ended)
	}()
	n.t.Cleanup(func() {
		_ = running.Process.Kill()
		<-running.ended
	})
	return running
}

func (n *node) check(err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
}

// give leaves a directory to a group, as fsGroup says.
func (n *node) give(dir string, group int) {
	n.t.Helper()
	n.check(os.Chown(dir, 0, group))
	n.check(os.Chmod(dir, 0o775|os.ModeSetgid))
}

// leave puts files where a pod finds a secret: behind links, so that all can be changed
// at once, in a directory that everybody could write to if it was not read-only.
func (n *node) leave(dir string, files map[string][]byte, mode os.FileMode, group int) {
	n.t.Helper()
	behind := filepath.Join(dir, "..2026_01_01_00_00_00.000000000")
	n.check(os.MkdirAll(behind, 0o755))
	for name, data := range files {
		path := filepath.Join(behind, name)
		n.check(os.WriteFile(path, data, mode))
		n.check(os.Chown(path, 0, group))
		n.check(os.Chmod(path, mode))
		n.check(os.Symlink(filepath.Join("..data", name), filepath.Join(dir, name)))
	}
	n.check(os.Symlink(filepath.Base(behind), filepath.Join(dir, "..data")))
	for _, d := range []string{behind, dir} {
		n.check(os.Chown(d, 0, group))
	}
	n.check(os.Chmod(behind, 0o755|os.ModeSetgid))
	n.check(os.Chmod(dir, 0o777|os.ModeSetgid|os.ModeSticky))
}

// log is what the container has said.
func (c *container) log() string {
	text, err := os.ReadFile(filepath.Join(c.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (c *container) signal(s syscall.Signal) {
	c.t.Helper()
	if err := c.Process.Signal(s); err != nil {
		c.t.Fatalf("%v; it said:\n%s", err, c.log())
	}
}

// end waits for it to exit with a status.
func (c *container) end(want int) {
	c.t.Helper()
	select {
	case <-c.ended:
	case <-time.After(deadline):
		c.t.Fatalf("it has not ended; it said:\n%s", c.log())
	}
	status := c.ProcessState.ExitCode()
	if w := c.ProcessState.Sys().(syscall.WaitStatus); w.Signaled() {
		status = 128 + int(w.Signal())
	}
	if status != want {
		c.t.Fatalf("it ended with %d, not %d; it said:\n%s", status, want, c.log())
	}
}

// await waits until ok is true, while the container runs.
func (c *container) await(what string, ok func() bool) {
	c.t.Helper()
	for give := time.Now().Add(deadline); !ok(); time.Sleep(50 * time.Millisecond) {
		select {
		case <-c.ended:
			c.t.Fatalf("it ended before %s; it said:\n%s", what, c.log())
		default:
		}
		if time.Now().After(give) {
			c.t.Fatalf("waited in vain for %s; it said:\n%s", what, c.log())
		}
	}
}

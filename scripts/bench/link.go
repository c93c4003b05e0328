package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// link is a remote whose workers are at the other end of a link of 100 Mbit/s:
// two network namespaces with a virtual cable between them, whose ends are
// paced. It needs root.
type link struct {
	*remote
	namespaces [2]string
}

func newLink(flags, work string) *link { return &link{remote: newRemote(flags, work)} }

func (l *link) String() string { return l.remote.String() + ", 100 Mbit/s" }

func (l *link) start(ctx context.Context) error {
	if _, err := exec.LookPath("tc"); err != nil || os.Geteuid() != 0 {
		return fmt.Errorf("%w: a slow link takes root and tc", errNotHere)
	}
	if err := l.remote.start(ctx); err != nil {
		return err
	}
	l.host = "10.78.0.1"
	for i := range l.namespaces {
		l.namespaces[i] = fmt.Sprintf("%s-%d", filepath.Base(l.dir), i)
		if err := ip("netns add " + l.namespaces[i]); err != nil {
			return err
		}
	}
	here, there := l.namespaces[0], l.namespaces[1]
	l.here, l.there = words("ip netns exec "+here), words("ip netns exec "+there)
	err := ip("-n " + here + " link add cable type veth peer name cable netns " + there)
	for i, name := range l.namespaces {
		err = errors.Join(err,
			ip(fmt.Sprintf("-n %s addr add 10.78.0.%d/24 dev cable", name, i+1)),
			ip("-n "+name+" link set lo up"),
			ip("-n "+name+" link set cable up"),
			ip("netns exec "+name+" tc qdisc add dev cable root tbf rate 100mbit burst 64kb latency 50ms"))
	}
	return err
}

func (l *link) stop() {
	for _, name := range l.namespaces {
		ip("netns del " + name) // which may not be there
	}
	l.remote.stop()
}

func ip(line string) error {
	if out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
		return fmt.Errorf("ip %s: %w: %s", line, err, out)
	}
	return nil
}

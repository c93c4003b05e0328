package integration

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"

	"github.com/rogpeppe/go-internal/testscript"
)

var networks atomic.Int32

// network A B makes two network namespaces with a link between them, whose ends
// are called jobpipe and have the addresses 10.77.0.1 and 10.77.0.2. Variables A
// and B are set to the names of the namespaces.
func network(ts *testscript.TestScript, args []string) {
	require(stageOf(ts).t, "ip", "root")
	n := networks.Add(1)
	names := [2]string{}
	for i, variable := range args {
		names[i] = fmt.Sprintf("jobpipe-%d-%d-%d", os.Getpid(), n, i)
		ip(ts, "netns add "+names[i])
		ts.Defer(func() { ip(ts, "netns del "+names[i]) })
		ts.Setenv(variable, names[i])
	}
	ip(ts, fmt.Sprintf("-n %s link add jobpipe type veth peer name jobpipe netns %s", names[0], names[1]))
	for i, name := range names {
		ip(ts, fmt.Sprintf("-n %s addr add 10.77.0.%d/24 dev jobpipe", name, i+1))
		ip(ts, fmt.Sprintf("-n %s link set lo up", name))
		ip(ts, fmt.Sprintf("-n %s link set jobpipe up", name))
	}
}

func ip(ts *testscript.TestScript, line string) {
	if out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
		ts.Fatalf("ip %s: %v: %s", line, err, out)
	}
}

package integration

import (
	"os"
	"os/exec"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// slurmConf is the configuration of a cluster whose only node is this machine. It
// says that there are more CPUs than there may be. A job that is requeued starts
// again when the credential that it had is no longer valid, which is in seconds.
const slurmConf = `ClusterName=jobpipe
SlurmctldHost=HOST(127.0.0.1)
SlurmUser=root
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmctldPort=PORT1
SlurmdPort=PORT2
AuthType=auth/munge
AuthInfo=socket=DIR/munge,cred_expire=10
CredType=cred/munge
StateSaveLocation=DIR/state
SlurmdSpoolDir=DIR/spool
SlurmctldPidFile=DIR/slurmctld.pid
SlurmdPidFile=DIR/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
JobAcctGatherType=jobacct_gather/none
SwitchType=switch/none
MpiDefault=none
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
ReturnToService=2
KillWait=5
NodeName=node NodeHostname=HOST NodeAddr=127.0.0.1 CPUs=8
PartitionName=all Nodes=ALL Default=YES State=UP
`

// slurm starts a cluster, for which SLURM_CONF is set.
func slurm(ts *testscript.TestScript, _ []string) {
	s := stageOf(ts)
	require(s.t, "root", "/usr/sbin/slurmctld", "/usr/sbin/slurmd", "/usr/sbin/munged", "sbatch")
	dir := ts.MkAbs(".slurm")
	for _, d := range []string{dir, dir + "/state", dir + "/spool"} {
		ts.Check(os.Mkdir(d, 0o755))
	}
	host, err := os.Hostname()
	ts.Check(err)
	host, _, _ = strings.Cut(host, ".")
	conf := strings.NewReplacer("HOST", host, "DIR", dir, "PORT1", freeTCPPort(s.t), "PORT2", freeTCPPort(s.t)).Replace(slurmConf)
	ts.Check(os.WriteFile(dir+"/slurm.conf", []byte(conf), 0o644))
	ts.Check(os.WriteFile(dir+"/munge.key", []byte(strings.Repeat("not a secret ", 10)), 0o600))
	ts.Setenv("SLURM_CONF", dir+"/slurm.conf")

	daemon := func(name string, args ...string) {
		p := launchIn(ts, name, dir, append([]string{"env", "SLURM_CONF=" + dir + "/slurm.conf", "/usr/sbin/" + name}, args...))
		ts.Defer(func() {
			_ = p.cmd.Process.Signal(syscall.SIGTERM)
			if _, err := p.finish(); err != nil {
				s.t.Error(err)
			}
		})
	}
	daemon("munged", "--foreground", "--force", "--socket="+dir+"/munge", "--key-file="+dir+"/munge.key",
		"--pid-file="+dir+"/munge.pid", "--log-file="+dir+"/munge.log", "--seed-file="+dir+"/munge.seed")
	daemon("slurmctld", "-D")
	daemon("slurmd", "-D", "-N", "node")
	ask := func(line string) string {
		words := strings.Fields(line)
		cmd := exec.Command(words[0], words[1:]...)
		cmd.Env = append(environment(ts), "SLURM_CONF="+dir+"/slurm.conf")
		out, _ := cmd.CombinedOutput()
		return string(out)
	}
	if !eventually(s.order, func() bool { return strings.Contains(ask("sinfo --noheader --format=%T"), "idle") }) {
		ts.Fatalf("no node: %s\n%s", ask("sinfo"), tell(s.order))
	}
	// What jobs leave behind when the daemons end is nobody's.
	ts.Defer(func() {
		ask("scancel --user=root")
		if !eventually(s.order, func() bool { return ask("squeue --noheader") == "" }) {
			s.t.Errorf("these do not end:\n%s", ask("squeue"))
		}
	})
}

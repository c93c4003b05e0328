package integration

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// The pipelines of scripts/examples between engines: jobs from one, results into
// another, with the real servers.

// process57 is a command for them. Job 57 kills jobpipe, the first time; from job 150
// on they wait for a file.
const process57 = `#!/bin/sh
IFS='	' read -r id job
if [ "$job" = "it's 57" ] && [ ! -e killed ]; then
	touch killed
	kill -9 $PPID
fi
if [ "${job#it\'s }" -ge 150 ]; then
	until [ -e go ]; do sleep 0.05; done
fi
printf '%s\t%s\n' "$id" "$job is done"
`

// engineJobs is how many jobs are in the stream.
const engineJobs = 200

// strike starts a pipeline three times: jobpipe is killed in the first one, all but
// the server in the second, and the third has to end well. Then SQLite has to have the
// result of each job once.
func strike(p *place, server *process, pipeline string) {
	t := p.t
	p.write("process", process57)
	if err := os.Chmod(p.abs("process"), 0o755); err != nil {
		t.Fatal(err)
	}
	begin := func(name string) *process {
		return p.start(name, top(t)+"/scripts/examples/"+pipeline+" jobs results.db -j 4 -- ./process")
	}
	p.finish(begin("first"), 128+9)
	if n := rows(p, "results.db", "results"); n < 1 || n >= engineJobs {
		t.Errorf("after the first kill there are %d results", n)
	}
	second := begin("second")
	if !eventually(p.processes, func() bool { return rows(p, "results.db", "results") >= 100 }) {
		t.Fatalf("it came to %d results\n%s", rows(p, "results.db", "results"), tell(p.processes))
	}
	for _, pid := range descendants(p.dir) {
		if pid != server.cmd.Process.Pid {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	p.finish(second, 128+9)
	if n := rows(p, "results.db", "results"); n >= engineJobs {
		t.Errorf("after the second kill there are %d results", n)
	}
	p.write("go", "")
	p.finish(begin("third"), 0)
	got := slices.Sorted(strings.Lines(query(p, "results.db", "select result from results")))
	var want []string
	for i := range engineJobs {
		want = append(want, fmt.Sprintf("it's %d is done\n", i+1))
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("there are %d results, not %d:\n%s", len(got), len(want), strings.Join(got, ""))
	}
}

// rows counts those of a table, which need not be there yet.
func rows(p *place, database, table string) int {
	p.t.Helper()
	if query(p, database, "select count(*) from sqlite_schema where name = '"+table+"'") == "0\n" {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimSpace(query(p, database, "select count(*) from "+table)))
	if err != nil {
		p.t.Fatal(err)
	}
	return n
}

// query asks SQLite.
func query(p *place, database, sql string) string {
	p.t.Helper()
	out, err := exec.Command("sqlite3", "-cmd", ".timeout 60000", p.abs(database), sql).CombinedOutput()
	if err != nil {
		p.t.Fatalf("sqlite3: %v: %s", err, out)
	}
	return string(out)
}

// serve starts a server on a port of loopback and waits until it can be reached.
func serve(p *place, port string, words ...string) *process {
	p.t.Helper()
	server := p.startIn(p.dir, "server", words)
	if !eventually(p.processes, func() bool {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}) {
		p.t.Fatalf("the server does not listen\n%s", tell(p.processes))
	}
	return server
}

func TestRedisToSQLite(t *testing.T) {
	t.Parallel()
	require(t, "bash", "redis-server", "redis-cli", "sqlite3")
	p, port := newPlace(t), freeTCPPort(t)
	server := serve(p, port, "redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "")
	var adds strings.Builder
	for i := range engineJobs {
		fmt.Fprintf(&adds, "XADD jobs * job \"it's %d\"\n", i+1)
	}
	p.write("adds", adds.String())
	p.finish(p.start("add", "redis-cli -e -p "+port+" <adds"), 0)
	p.env = append(p.env, "REDIS_PORT="+port, "WAIT=1000")
	strike(p, server, "redis-to-sqlite")
	p.finish(p.start("pending", "redis-cli -p "+port+" --raw XPENDING jobs jobpipe"), 0)
	if left, _, _ := strings.Cut(p.read("pending.out"), "\n"); left != "0" {
		t.Errorf("%s entries are not acknowledged", left)
	}
	server.kill()
}

func TestNATSToSQLite(t *testing.T) {
	t.Parallel()
	require(t, "bash", "nats-server", "python3", "sqlite3")
	p, port := newPlace(t), freeTCPPort(t)
	server := serve(p, port, "nats-server", "-a", "127.0.0.1", "-p", port, "-js", "-sd", p.abs("stream"))
	conn, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	said := bufio.NewScanner(conn)
	publish := func(subject, payload string) string {
		return fmt.Sprintf("PUB %s answers %d\r\n%s\r\n", subject, len(payload), payload)
	}
	text := "CONNECT {\"verbose\":false}\r\nSUB answers 1\r\n" + publish("$JS.API.STREAM.CREATE.jobs", `{"name":"jobs","subjects":["jobs"]}`)
	for i := range engineJobs {
		text += publish("jobs", fmt.Sprintf("it's %d", i+1))
	}
	if _, err := conn.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	for last := fmt.Sprintf(`"seq":%d}`, engineJobs); said.Scan() && !strings.Contains(said.Text(), last); {
	}
	if err := said.Err(); err != nil {
		t.Fatal(err)
	}
	p.env = append(p.env, "NATS_PORT="+port, "ACK_WAIT=2", "WAIT=6")
	strike(p, server, "nats-to-sqlite")
	_, _ = fmt.Fprint(conn, publish("$JS.API.CONSUMER.INFO.jobs.jobpipe", ""))
	for said.Scan() && !strings.Contains(said.Text(), `"num_ack_pending":`) {
	}
	if !strings.Contains(said.Text(), `"num_ack_pending":0,`) {
		t.Errorf("not all messages are acknowledged: %s", said.Text())
	}
	server.kill()
}

// TestLedger kills jobpipe again and again while its jobs book amounts, and wants each
// booked once: whatever is booked twice, or not at all, is missing in the sums.
func TestLedger(t *testing.T) {
	t.Parallel()
	require(t, "sqlite3")
	p := newPlace(t)
	const count, accounts = 300, 7
	var amounts strings.Builder
	want := make([]int, accounts)
	for i := range count {
		fmt.Fprintf(&amounts, "o'neill %d\t%d\n", i%accounts, 1<<(i%20)-1000)
		want[i%accounts] += 1<<(i%20) - 1000
	}
	p.write("amounts", amounts.String())
	line := top(t) + "/scripts/examples/ledger amounts ledger.db"
	booked := func() int { return rows(p, "ledger.db", "booked") }
	for i := range 4 {
		run := p.start(fmt.Sprintf("run%d", i), line)
		if !eventually(p.processes, func() bool { return booked() >= 50*(i+1) }) {
			t.Fatalf("%d amounts are booked\n%s", booked(), tell(p.processes))
		}
		_ = run.cmd.Process.Kill() // the script has become jobpipe
		p.finish(run, 128+9)
	}
	if n := booked(); n >= count {
		t.Errorf("after the last kill %d amounts are booked", n)
	}
	p.finish(p.start("last", line), 0)
	var sums strings.Builder
	for i, sum := range want {
		fmt.Fprintf(&sums, "o'neill %d|%d\n", i, sum)
	}
	if got := query(p, "ledger.db", "select * from accounts order by name"); got != sums.String() {
		t.Errorf("the accounts are\n%swant\n%s", got, sums.String())
	}
	if got := query(p, "ledger.db", "select count(*), count(distinct run) from booked"); got != "300|1\n" {
		t.Errorf("amounts booked, and runs: %s", got)
	}
}

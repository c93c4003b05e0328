package integration

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

const sshdPath = "/usr/sbin/sshd"

// sshHosts are what one sshd looks like at different ports.
var sshHosts = []string{
	"one",     // has jobpipe-worker
	"two",     // has none
	"foreign", // has none, and is of another architecture
	"strict",  // does not forward Unix sockets
	"lax",     // does so for everybody
	"talks",   // its shell says something first
	"paints",  // says what a terminal takes for an order
	"hangs",   // does not answer until there is .there/go
	"gone",    // nobody listens
}

// sshd starts a server, of which ssh_config knows each host by its name. On a host
// HOST is that name, temporary files are in .there, and .there/NAME is a place for
// programs in front of PATH. PORT_NAME is set to its port.
func sshd(ts *testscript.TestScript, _ []string) {
	s := stageOf(ts)
	require(s.t, sshdPath, "ssh", "ssh-keygen")
	there := ts.MkAbs(".there")
	ts.Check(os.Mkdir(there, 0o700))
	for _, name := range []string{"server", "client"} {
		out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", ts.MkAbs(".there/"+name)).CombinedOutput()
		if err != nil {
			ts.Fatalf("ssh-keygen: %v: %s", err, out)
		}
	}
	us, err := user.Current()
	ts.Check(err)

	var server, ports, client strings.Builder
	fmt.Fprintf(&server, "ListenAddress 127.0.0.1\nHostKey %[1]s/server\nAuthorizedKeysFile %[1]s/client.pub\n"+
		"PidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nMaxStartups 100\n", there)
	fmt.Fprintf(&client, "IdentityFile %[1]s/client\nIdentitiesOnly yes\nUserKnownHostsFile %[1]s/known\n"+
		"HostKeyAlias jobpipe\nHostName 127.0.0.1\nUser %s\n", there, us.Username)
	public := strings.Fields(ts.ReadFile(".there/server.pub"))
	ts.Check(os.WriteFile(ts.MkAbs(".there/known"), []byte("jobpipe "+public[0]+" "+public[1]+"\n"), 0o600))
	for _, host := range sshHosts {
		port := freeTCPPort(s.t)
		ts.Setenv("PORT_"+host, port)
		fmt.Fprintf(&client, "Host %s\n Port %s\n", host, port)
		if host == "gone" {
			continue
		}
		ts.Check(os.Mkdir(filepath.Join(there, host), 0o700))
		path := filepath.SplitList(ts.Getenv("PATH"))
		if host == "two" || host == "foreign" {
			path = slices.DeleteFunc(path, func(dir string) bool {
				_, err := os.Stat(filepath.Join(dir, "jobpipe-worker"))
				return err == nil
			})
		}
		fmt.Fprintf(&server, "Port %s\n", port)
		fmt.Fprintf(&ports, "Match LocalPort %s\n SetEnv HOST=%s TMPDIR=%s WORK=%s EXECUTIONS=%s GORACE=\"%s\" PATH=%s:%s\n",
			port, host, there, ts.Getenv("WORK"), ts.Getenv("EXECUTIONS"), ts.Getenv("GORACE"),
			filepath.Join(there, host), strings.Join(path, ":"))
		says := func(first string) {
			fmt.Fprintf(&ports, " ForceCommand %s; exec sh -c \"$SSH_ORIGINAL_COMMAND\"\n", first)
		}
		switch host {
		case "strict":
			fmt.Fprintln(&ports, " AllowStreamLocalForwarding no")
		case "lax":
			fmt.Fprintln(&ports, " StreamLocalBindMask 0111")
		case "talks":
			says(`printf 'need coffee?\nready\nwelcome'`)
		case "paints":
			says(`printf '\njobpipe-ssh cannot \033[31mhelp\007\n'`)
		case "hangs":
			says("touch $TMPDIR/begun; until test -e $TMPDIR/go; do sleep 0.1; done")
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs(".there/sshd_config"), []byte(server.String()+ports.String()), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("ssh_config"), []byte(client.String()), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(".there/foreign/uname"), []byte("#!/bin/sh\necho Plan9 vax\n"), 0o755))

	argv := []string{sshdPath, "-D", "-e", "-f", ts.MkAbs(".there/sshd_config")}
	if us.Uid == "0" { // it wants a directory that the start of the system makes
		require(s.t, "unshare")
		argv = append([]string{"unshare", "--mount", "sh", "-c", `mount -t tmpfs run /run && mkdir /run/sshd && exec "$@"`, "sh"}, argv...)
	}
	p := launchIn(ts, "sshd", there, argv)
	ts.Defer(p.kill)
	if !eventually(s.order, func() bool {
		c, err := net.Dial("tcp", "127.0.0.1:"+ts.Getenv("PORT_one"))
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	}) {
		ts.Fatalf("sshd does not listen:\n%s", p.stderr())
	}
}

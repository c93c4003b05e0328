package main

import (
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

// A manager of services, such as systemd, is told how this one is, in the words of
// sd_notify(3). Without a socket nobody asks.
type manager struct {
	socket *net.UnixConn
}

// findManager finds the manager that started us. Its socket is not the jobs'
// business: they do not see the variable that names it.
func findManager() (m manager, err error) {
	const variable = "NOTIFY_SOCKET"
	name := os.Getenv(variable)
	if name == "" {
		return m, nil
	}
	_ = os.Unsetenv(variable)
	// On Linux, a name that begins with @ is that of an abstract socket.
	m.socket, err = net.DialUnix("unixgram", nil, &net.UnixAddr{Net: "unixgram", Name: name})
	if err != nil {
		return m, fmt.Errorf("the service manager that $%s names cannot be told how this worker is: %w", variable, err)
	}
	return m, nil
}

// ready says that the service has started. It has when nothing is missing to work,
// whether there is a coordinator or not: that may come at any time.
func (m manager) ready() { m.tell("READY=1") }

// stopping says that the service will end by itself.
func (m manager) stopping() { m.tell("STOPPING=1") }

// status is a line that is shown for the service.
func (m manager) status(line string) { m.tell("STATUS=" + strings.ReplaceAll(line, "\n", " ")) }

// tell sends one message. One that cannot be sent is not missed.
func (m manager) tell(state string) {
	if m.socket == nil {
		return
	}
	_ = m.socket.SetWriteDeadline(time.Now().Add(time.Second))
	_, _ = m.socket.Write([]byte(state))
}

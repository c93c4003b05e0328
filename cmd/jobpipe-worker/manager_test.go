package main

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestManager(t *testing.T) {
	names := []string{filepath.Join(t.TempDir(), "notify")}
	if runtime.GOOS == "linux" {
		names = append(names, "@jobpipe-test-"+filepath.Base(t.TempDir())+strings.ReplaceAll(t.TempDir(), "/", "-"))
	}
	for _, name := range names {
		socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: name})
		if err != nil {
			t.Fatal(err)
		}
		defer socket.Close()
		t.Setenv("NOTIFY_SOCKET", name)
		m, err := findManager()
		if err != nil {
			t.Fatal(err)
		}
		if _, set := os.LookupEnv("NOTIFY_SOCKET"); set {
			t.Error("jobs would see the socket")
		}
		m.ready()
		m.status("a\nREADY=0")
		m.stopping()
		buf := make([]byte, 100)
		for _, want := range []string{"READY=1", "STATUS=a READY=0", "STOPPING=1"} {
			n, err := socket.Read(buf)
			if err != nil || string(buf[:n]) != want {
				t.Errorf("%s: %q came (%v), want %q", name, buf[:n], err, want)
			}
		}
	}
}

func TestNoManager(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	m, err := findManager()
	if err != nil {
		t.Error(err)
	}
	m.ready() // to nobody

	t.Setenv("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "gone"))
	if m, err = findManager(); err == nil || !strings.Contains(err.Error(), "$NOTIFY_SOCKET") {
		t.Errorf("a socket that is not there: %v", err)
	}
	m.ready() // to nobody
}

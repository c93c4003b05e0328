package command

import (
	"os/exec"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

func TestWhatAProcessIsDoing(t *testing.T) {
	for name, c := range map[string]struct {
		want doing
		argv []string
	}{
		"cat":          {waiting, []string{"cat"}},
		"shell":        {waiting, []string{"sh", "-c", "while read x; do :; done"}},
		"pipeline":     {waiting, []string{"sh", "-c", "cat | tr a b | cat"}},
		"select":       {waiting, []string{"python3", "-c", "import select; select.select([0],[],[])"}},
		"poll":         {waiting, []string{"python3", "-c", "import select; p=select.poll(); p.register(0); p.poll()"}},
		"epoll":        {waiting, []string{"python3", "-c", "import select; p=select.epoll(); p.register(0); p.poll()"}},
		"thread":       {waiting, []string{"python3", "-c", "import sys,threading; t=threading.Thread(target=sys.stdin.read); t.start(); t.join()"}},
		"zombie":       {waiting, []string{"python3", "-c", "import os,sys\nif os.fork() == 0: os._exit(0)\nsys.stdin.read()"}},
		"nested epoll": {waiting, []string{"python3", "-c", "import select; p=select.epoll(); p.register(0); q=select.epoll(); q.register(p.fileno()); q.poll()"}},
		"sleep":        {busy, []string{"sleep", "600"}},
		"spin":         {busy, []string{"sh", "-c", "while :; do :; done"}},
		"child":        {busy, []string{"sh", "-c", "sleep 600; read x"}},
		"elsewhere":    {busy, []string{"python3", "-c", "import socket; a,b=socket.socketpair(); a.recv(1)"}},
		"poll socket":  {busy, []string{"python3", "-c", "import socket; a,b=socket.socketpair(); a.settimeout(600); a.recv(1)"}},
		"both":         {unsure, []string{"python3", "-c", "import select,socket; a,b=socket.socketpair(); select.select([0,a],[],[])"}},
		"second stage": {unsure, []string{"sh", "-c", "cat | sleep 600"}},
		"select timed": {unsure, []string{"python3", "-c", "import select; select.select([0],[],[],600)"}},
		"poll timed":   {unsure, []string{"python3", "-c", "import select; p=select.poll(); p.register(0); p.poll(600000)"}},
		"epoll timed":  {unsure, []string{"python3", "-c", "import select; p=select.epoll(); p.register(0); p.poll(600)"}},
		"ring":         {unsure, []string{"python3", "-c", "import ctypes,select; fd=ctypes.CDLL(None).syscall(425,4,bytes(120)); p=select.epoll(); p.register(fd, select.EPOLLIN); p.poll()"}},
		"nap beside":   {unsure, []string{"python3", "-c", "import sys,threading,time; threading.Thread(target=sys.stdin.read).start(); time.sleep(600)"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(c.argv[0]); err != nil {
				t.Skip(err)
			}
			if name == "ring" && !mayRing() {
				t.Skip("no io_uring here")
			}
			d := newDesk(t, Options{}, c.argv...)
			d.f.slot.env = d.f.slot.env[:d.f.slot.fixed]
			p, err := d.f.start()
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				p.end(0, "")
				p.left()
				p.closeOutput()
				p.reap()
			}()
			var got doing
			for end := time.Now().Add(patience); time.Now().Before(end); {
				time.Sleep(10 * time.Millisecond)
				if got = p.doing(); got == c.want {
					// Not only in passing.
					time.Sleep(50 * time.Millisecond)
					if got = p.doing(); got == c.want {
						return
					}
				}
			}
			t.Errorf("it is %d, want %d", got, c.want)
		})
	}
}

// mayRing tells whether a process may have an io_uring.
func mayRing() bool {
	var params [120]byte
	fd, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, 4, uintptr(unsafe.Pointer(&params)), 0)
	if errno == 0 {
		_ = unix.Close(int(fd))
	}
	return errno == 0
}

func TestAProcessWithSomethingToReadIsBusy(t *testing.T) {
	d := newDesk(t, Options{}, "sleep", "600")
	d.f.slot.env = d.f.slot.env[:d.f.slot.fixed]
	p, err := d.f.start()
	if err != nil {
		t.Fatal(err)
	}
	d.f.p, d.f.work = p, d
	d.give("x")
	d.f.feed(time.Now())
	if p.doing() != busy {
		t.Error("it is not")
	}
	p.end(0, "")
	p.left()
	p.closeOutput()
	p.reap()
}

package accept

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// refused checks that an address cannot be opened, and what is said.
func refused(t *testing.T, addr, want string) {
	t.Helper()
	l, err := listen(addr)
	if err == nil {
		l.close()
		t.Fatalf("%s can be listened on", addr)
	}
	if text := err.Error(); !strings.Contains(text, want) || strings.Contains(text, "\n") {
		t.Errorf("error is %q, want one line with %q", text, want)
	}
}

func TestTCP(t *testing.T) {
	l, err := listen("0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	host, port, err := net.SplitHostPort(l.name)
	if err != nil || host != "127.0.0.1" || port == "0" {
		t.Fatalf("a port alone is bound to %q (%v)", l.name, err)
	}
	refused(t, l.name, "another program has this port")
	refused(t, port, "another program has this port")
	refused(t, "192.0.2.1:0", "no such address; use :PORT for all")
	refused(t, "]:9000", "is host:port, :port, port or unix:PATH")
	l.close()
	again, err := listen(l.name)
	if err != nil {
		t.Fatalf("after closing: %v", err)
	}
	again.close()
}

func TestTCP6(t *testing.T) {
	l, err := listen("[::1]:0")
	if err != nil {
		t.Skip("no IPv6 here: ", err)
	}
	defer l.close()
	if !strings.HasPrefix(l.name, "[::1]:") {
		t.Errorf("bound to %q", l.name)
	}
}

func TestUnixMode(t *testing.T) {
	path := filepath.Join(socketDir(t), "s")
	old := syscall.Umask(0)
	l, err := listen("unix:" + path)
	after := syscall.Umask(old)
	if err != nil {
		t.Fatal(err)
	}
	if after != 0 {
		t.Errorf("the umask is left at %#o", after)
	}
	if l.name != "unix:"+path || !l.local {
		t.Errorf("the listener is %q, local %v", l.name, l.local)
	}
	info, err := os.Lstat(path)
	if err != nil || info.Mode() != os.ModeSocket|0o600 {
		t.Errorf("the socket has mode %v (%v)", info.Mode(), err)
	}
	refused(t, "unix:"+path, "another process is listening there")
	l.close()
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("the socket stays behind (%v)", err)
	}
}

// stale leaves a socket at path that nobody listens on.
func stale(t *testing.T, path string) {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
}

func TestUnixStale(t *testing.T) {
	path := filepath.Join(socketDir(t), "s")
	stale(t, path)
	l, err := listen("unix:" + path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	c, err := dialTo(l.name)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

// What is at the path and is not a stale socket is not touched.
func TestUnixKeeps(t *testing.T) {
	dir := socketDir(t)
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(at("file"), []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(at("dir/full"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(at("fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	stale(t, at("stale"))
	if err := os.Symlink(at("stale"), at("link")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"file", "dir", "fifo", "link"} {
		refused(t, "unix:"+at(name), "something that is not a socket is there")
	}
	for _, name := range []string{"file", "dir/full", "fifo", "link", "stale"} {
		if _, err := os.Lstat(at(name)); err != nil {
			t.Error(err)
		}
	}
	refused(t, "unix:"+at("none/s"), "no such file or directory")
	refused(t, "unix:"+at("file/s"), "not a directory")
}

func TestUnixPaths(t *testing.T) {
	refused(t, "unix:", "there is no path")
	refused(t, "unix:@name", "any user could connect")
	refused(t, "unix:/tmp/a\x00b", "NUL")
	refused(t, "unix:/tmp/"+strings.Repeat("x", maxPath), "longer than")
	refused(t, "unix:/none/100%d", "cannot listen on unix:/none/100%d: no such file")

	dir := socketDir(t)
	long := filepath.Join(dir, strings.Repeat("x", maxPath-len(dir)-1))
	l, err := listen("unix:" + long)
	if err != nil {
		t.Fatalf("a path of %d bytes: %v", len(long), err)
	}
	l.close()

	t.Chdir(dir)
	l, err = listen("unix:here")
	if err != nil {
		t.Fatal(err)
	}
	if want := "unix:" + filepath.Join(dir, "here"); l.name != want {
		t.Errorf("a relative path is bound to %q, want %q", l.name, want)
	}
	t.Chdir("/")
	l.close()
	if _, err := os.Lstat(filepath.Join(dir, "here")); !os.IsNotExist(err) {
		t.Errorf("the socket stays behind (%v)", err)
	}
}

// A socket that another process put in the place of ours is not removed.
func TestUnixReplaced(t *testing.T) {
	path := filepath.Join(socketDir(t), "s")
	l, err := listen("unix:" + path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	other, err := listen("unix:" + path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.close()
	l.close()
	if _, err := os.Lstat(path); err != nil {
		t.Error(err)
	}
}

// Of many that find a stale socket, one gets its place, and can be reached.
func TestUnixRace(t *testing.T) {
	for range 10 {
		path := filepath.Join(socketDir(t), "s")
		stale(t, path)
		var mu sync.Mutex
		var won []*listener
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if l, err := listen("unix:" + path); err == nil {
					mu.Lock()
					won = append(won, l)
					mu.Unlock()
				}
			})
		}
		all.Wait()
		if len(won) != 1 {
			t.Fatalf("%d have the socket", len(won))
		}
		c, err := dialTo(won[0].name)
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		won[0].close()
	}
}

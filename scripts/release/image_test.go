package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// largestImage is what a machine has to fetch for one platform at most.
const largestImage = 15 << 20 // bytes

// lookAtImage checks that the image is one, for both architectures, and what is in it.
func lookAtImage(t *testing.T, path string) {
	need(t, "tar")
	dir := t.TempDir()
	do(t, dir, nil, "tar", "xf", path)
	top, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	named, err := top.IndexManifest()
	if err != nil || len(named.Manifests) != 1 || named.Manifests[0].Annotations["org.opencontainers.image.ref.name"] != version {
		t.Fatalf("at its top is %+v (%v)", named, err)
	}
	index, err := top.ImageIndex(named.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil { // all checksums, and what they are of
		t.Fatal(err)
	}
	list, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var platforms []string
	for _, m := range list.Manifests {
		platforms = append(platforms, m.Platform.String())
		one, err := index.Image(m.Digest)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(m.Platform.Architecture, func(t *testing.T) { lookInside(t, one, m.Platform.Architecture) })
	}
	if want := []string{"linux/amd64", "linux/arm64"}; !slices.Equal(platforms, want) {
		t.Errorf("it is for %q, want %q", platforms, want)
	}
}

func lookInside(t *testing.T, image v1.Image, arch string) {
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if c := config.Config; c.User != "65532:65532" || !slices.Equal(c.Entrypoint, []string{"jobpipe"}) || !slices.Equal(c.Env, []string{"PATH=/usr/bin"}) {
		t.Errorf("it runs as %+v", c)
	}
	if config.Architecture != arch || config.Created.Unix() != 1700000000 {
		t.Errorf("it is for %s, of %v", config.Architecture, config.Created)
	}
	layers, err := image.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("it has %d layers (%v)", len(layers), err)
	}
	size, err := layers[0].Size()
	if err != nil || size > largestImage {
		t.Errorf("it has %d bytes (%v); %d are the most", size, err, largestImage)
	}
	packed, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	root := t.TempDir()
	got := unpack(t, packed, root)
	want := []string{
		"dtrwxrwxrwx 0:0 tmp/",
		"drwxr-xr-x 0:0 usr/",
		"drwxr-xr-x 0:0 usr/bin/",
		"-rwxr-xr-x 0:0 usr/bin/jobpipe",
		"-rwxr-xr-x 0:0 usr/bin/jobpipe-worker",
		"drwxr-xr-x 0:0 usr/share/",
		"drwxr-xr-x 0:0 usr/share/doc/",
		"drwxr-xr-x 0:0 usr/share/doc/jobpipe/",
		"-rw-r--r-- 0:0 usr/share/doc/jobpipe/LICENSE",
		"-rw-r--r-- 0:0 usr/share/doc/jobpipe/LICENSES-OF-PARTS",
	}
	if !slices.Equal(got, want) {
		t.Errorf("it holds\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if arch == runtime.GOARCH && os.Geteuid() == 0 {
		runAlone(t, root)
	}
}

// unpack writes the files of a layer below a directory, and lists them.
func unpack(t *testing.T, packed io.Reader, root string) (list []string) {
	in := tar.NewReader(packed)
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		mode, path := h.FileInfo().Mode(), filepath.Join(root, h.Name)
		list = append(list, fmt.Sprintf("%v %d:%d %s", mode, h.Uid, h.Gid, h.Name))
		if mode.IsDir() {
			err = os.Mkdir(path, 0o755)
		} else {
			var data []byte
			if data, err = io.ReadAll(in); err == nil {
				err = os.WriteFile(path, data, 0o644)
			}
		}
		if err == nil {
			err = os.Chmod(path, mode)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// runAlone starts the programs where nothing else is, as the user of the image: one
// hands a job to the other, which starts the first again.
func runAlone(t *testing.T, root string) {
	start := func(stdin string, argv ...string) (*exec.Cmd, *bytes.Buffer) {
		t.Helper()
		var out bytes.Buffer
		c := &exec.Cmd{
			Path: "/usr/bin/" + argv[0], Args: argv, Dir: "/", Env: []string{"PATH=/usr/bin", "HOME=/"},
			Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &out,
			SysProcAttr: &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: 65532, Gid: 65532}},
		}
		if err := c.Start(); err != nil {
			t.Fatalf("%s: %v", strings.Join(argv, " "), err)
		}
		return c, &out
	}
	here, said := start("one\ntwo\n", "jobpipe", "-l", "unix:/tmp/socket", "-q")
	there, complaints := start("", "jobpipe-worker", "-c", "unix:/tmp/socket", "--", "jobpipe", "--version")
	if err := there.Wait(); err != nil {
		t.Errorf("the worker: %v: %s", err, complaints)
		_ = here.Process.Kill()
	}
	if err := here.Wait(); err != nil || said.String() != strings.Repeat("jobpipe "+version+"\n", 2) {
		t.Errorf("the coordinator: %v: %s", err, said)
	}
}

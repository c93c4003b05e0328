package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// nobody is who the programs run as: a user with nothing of their own.
const nobody = "65532:65532"

// image writes a container image for the platforms of Linux, as an archive in the
// layout of the Open Container Initiative. Nothing but the two programs is in it:
// they are static, and need neither certificates nor a list of users.
func (r *release) image(platforms []platform) error {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, p := range platforms {
		if p.system != "linux" {
			continue
		}
		one, err := r.imageOf(p)
		if err != nil {
			return err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: one, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: p.system, Architecture: p.arch}},
		})
	}
	list, err := index.IndexManifest()
	if err != nil || len(list.Manifests) == 0 {
		return err
	}
	dir, err := os.MkdirTemp("", "jobpipe-image")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	top, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	name := layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": r.version})
	if err := top.AppendIndex(index, name); err != nil {
		return err
	}
	files, err := readTree(dir)
	if err != nil {
		return err
	}
	for i := range files {
		files[i].mode = 0o644
	}
	return r.write("jobpipe_"+r.version+"_image.tar", func(w io.Writer) error { return writeTar(w, "", files, r.date) })
}

// imageOf returns the image of one platform, of one layer.
func (r *release) imageOf(p platform) (v1.Image, error) {
	files := []file{
		{"usr/" + docDir + "LICENSE", 0o644, p.docs.licence},
		{"usr/" + docDir + partsFile, 0o644, p.docs.notices},
		{"tmp", fs.ModeDir | fs.ModeSticky | 0o777, nil}, // results that pile up
	}
	for _, f := range binaries(p.tree) {
		f.path = "usr/" + f.path
		files = append(files, f)
	}
	var packed bytes.Buffer
	if err := writeTar(&packed, "", files, r.date); err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(packed.Bytes())), nil
	}, tarball.WithMediaType(types.OCILayer), tarball.WithCompressionLevel(gzip.BestCompression))
	if err != nil {
		return nil, err
	}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	created := v1.Time{Time: r.date}
	filled, err := mutate.Append(base, mutate.Addendum{Layer: layer, History: v1.History{Created: created, CreatedBy: "make release"}})
	if err != nil {
		return nil, err
	}
	config, err := filled.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = p.system, p.arch, created
	config.Config = v1.Config{
		User:       nobody,
		Env:        []string{"PATH=/usr/bin"},
		Entrypoint: []string{"jobpipe"},
		Labels: map[string]string{
			"org.opencontainers.image.title":       "jobpipe",
			"org.opencontainers.image.description": summary,
			"org.opencontainers.image.version":     r.version,
			"org.opencontainers.image.source":      homepage,
			"org.opencontainers.image.licenses":    "MIT",
		},
	}
	return mutate.ConfigFile(filled, config)
}

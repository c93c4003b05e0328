package main

import (
	"testing"

	"github.com/jobpipe/jobpipe/cmd/internal/cmdline"
	"github.com/jobpipe/jobpipe/cmd/internal/pages"
)

func TestPages(t *testing.T) {
	model, err := cmdline.Model(&invocation{}, program)
	if err != nil {
		t.Fatal(err)
	}
	pages.Check(t, model, "../..")
}

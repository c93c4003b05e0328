package main

import (
	"errors"
	"os"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/key"
)

// findKeys returns the keys that let workers in, made on first use. Nobody but
// this user can reach a Unix socket, so that needs none.
func (v *invocation) findKeys(say func(format string, args ...any)) ([]codec.Key, error) {
	if !v.overTCP() {
		return nil, nil
	}
	if v.Insecure {
		say("--insecure: whoever can reach the port can read the jobs and forge results")
		return nil, nil
	}
	keys, path, err := key.Find(string(v.KeyFile))
	var missing *key.NotFoundError
	if !errors.As(err, &missing) {
		if err == nil && v.Verbose {
			say("using the key in %s", path)
		}
		return keys, err
	}
	if keys, path, err = key.Make(); err != nil {
		return nil, err
	}
	here, err := os.Hostname()
	if err != nil {
		here = "HOST"
	}
	say("made a new key in %s; to let another machine work, run there: mkdir -p -m 700 ~/.config/jobpipe && scp %s:%s ~/.config/jobpipe/",
		path, here, path)
	return keys, nil
}

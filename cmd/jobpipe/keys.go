package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/key"
	"github.com/jobpipe/jobpipe/engine/message"
)

// findKeys returns the keys that let workers in, made on first use. Nobody but
// this user can reach a Unix socket, so that needs none.
func (v *invocation) findKeys(log *message.Log) ([]codec.Key, error) {
	if !v.overTCP() {
		return nil, nil
	}
	if v.Insecure {
		log.Warnf("--insecure: whoever can reach the port can read the jobs and forge results")
		return nil, nil
	}
	keys, path, err := key.Find(string(v.KeyFile))
	var missing *key.NotFoundError
	if !errors.As(err, &missing) {
		if err == nil {
			tell(log, path, keys)
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
	log.Tell("made a new key", fmt.Sprintf("made a new key in %s; to let another machine work, run there: mkdir -p -m 700 ~/.config/jobpipe && scp %s:%s ~/.config/jobpipe/",
		path, here, path), "file", path)
	tell(log, path, keys)
	return keys, nil
}

// tell says which keys let workers in: one, or two while it is being changed.
func tell(log *message.Log, path string, keys []codec.Key) {
	for _, k := range keys {
		log.Info("using key", "file", path, "fingerprint", key.Fingerprint(k))
	}
}

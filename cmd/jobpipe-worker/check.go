package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/jobpipe/jobpipe/cmd/internal/cmdline"
	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/engine/key"
	"github.com/jobpipe/jobpipe/engine/message"
)

const (
	mostNice  = 19
	leastNice = -20
)

// check finds what makes no sense together, before anything is opened. What is
// set by a variable is a wish for all workers, and passed over where it has no
// use.
func (v *invocation) check(line *cmdline.Line) (err error) {
	if v.Command, err = cmdline.Command(v.Command); err != nil {
		return err
	}
	switch {
	case len(v.Connect) == 0:
		return errors.New("no coordinator is named; write -c host:9000, where the jobpipe listens")
	case len(v.Command) == 0:
		return errors.New("no command is given; write it behind --")
	case v.Insecure && v.KeyFile != "":
		return errors.New("--insecure means no key, and --key-file names one; decide for one of them")
	case v.KeyFile != "" && !v.overTCP():
		return errors.New("--key-file has no use: a Unix socket is for this user only and needs no key; leave it out")
	case v.Stay && line.Given("wait"):
		return errors.New("--stay tries for ever, and --wait only so long; decide for one of them")
	case len(v.Name) > codec.MaxName:
		return fmt.Errorf("--name has %d bytes; %d are the most", len(v.Name), codec.MaxName)
	case strings.ContainsFunc(v.Name, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return fmt.Errorf("--name %q holds control characters; it stands in messages", v.Name)
	case line.Given("name") && v.Name == "":
		return errors.New("--name is empty; leave it out for the name of the host")
	case v.Nice < leastNice || v.Nice > mostNice:
		return fmt.Errorf("--nice %d is out of range; write %d to %d", v.Nice, leastNice, mostNice)
	}
	if v.Lines {
		if err := cmdline.Lines(v.Command); err != nil {
			return err
		}
	}
	for _, a := range v.Connect {
		if err := checkAddress(a); err != nil {
			return err
		}
	}
	v.Quiet, v.Verbose, err = cmdline.Noise(line, v.Quiet, v.Verbose)
	return err
}

// checkAddress refuses what can never be reached, however often it is tried.
func checkAddress(addr string) error {
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		if path == "" {
			return errors.New("-c unix: names no socket; write unix:PATH")
		}
		return nil
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		hint := "write host:9000, where the jobpipe listens"
		if strings.Count(addr, ":") > 1 && !strings.Contains(addr, "/") {
			hint = "an IPv6 address goes in brackets, as in [::1]:9000"
		}
		return fmt.Errorf("-c %s is no address; %s", addr, hint)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("-c %s: the port is not a number from 1 to 65535", addr)
	}
	return nil
}

// overTCP tells whether one of the addresses may be on another machine.
func (v *invocation) overTCP() bool {
	for _, a := range v.Connect {
		if !strings.HasPrefix(a, "unix:") {
			return true
		}
	}
	return false
}

// findKey returns the key to show, or nil where none is needed. Of two in the
// file it is the first.
func (v *invocation) findKey(log *message.Log) (*codec.Key, error) {
	switch {
	case !v.overTCP():
		return nil, nil
	case v.Insecure:
		log.Warnf("--insecure: whoever can reach the network can read the jobs, forge results, and send jobs of their own")
		return nil, nil
	}
	keys, path, err := key.Find(string(v.KeyFile))
	if missing := (*key.NotFoundError)(nil); errors.As(err, &missing) {
		missing.Host = v.host()
	}
	if err != nil {
		return nil, err
	}
	log.Info("using key", "file", path, "fingerprint", key.Fingerprint(keys[0]))
	return &keys[0], nil
}

// host is that of the first coordinator on another machine.
func (v *invocation) host() string {
	for _, a := range v.Connect {
		if host, _, err := net.SplitHostPort(a); err == nil {
			return cmp.Or(host, "localhost")
		}
	}
	return ""
}

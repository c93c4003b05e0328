//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// coordinate starts a coordinator, hands its process and both its ends to use, and
// waits for its end. It is killed if use fails.
func coordinate(cmd *exec.Cmd, use func(pid int, stdin io.WriteCloser, stdout io.Reader) error) error {
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%w; make build makes it", err)
	}
	if err = use(cmd.Process.Pid, stdin, stdout); err != nil {
		_ = cmd.Process.Kill()
	}
	return errors.Join(err, cmd.Wait())
}

// nothingMore reads what comes after the results.
func nothingMore(stdout io.Reader) error {
	if rest, _ := io.ReadAll(stdout); len(rest) > 0 {
		return fmt.Errorf("after all results came %q", rest)
	}
	return nil
}

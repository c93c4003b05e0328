package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"
	"time"

	"github.com/dustin/go-humanize"
)

func situations(l load) []situation {
	size := humanize.IBytes(uint64(l.bytes))
	return []situation{
		{fmt.Sprintf("-k, the first job holds up %s", size), heldUp},
		{"one result of " + size, oneResult},
		{fmt.Sprintf("nobody reads stdout for %v", l.pause), blocked},
		{fmt.Sprintf("%s workers answer at once, 64 KiB each", humanize.Comma(int64(l.workers))), crowd},
		{"the same with -k, the first job last", crowdHeldUp},
	}
}

// lines is an input of numbered lines of 1 KiB.
type lines struct {
	left int64
	next int
	line []byte
	sum  hash.Hash32
}

func newLines(bytes int64) *lines { return &lines{left: bytes / lineSize, sum: crc32.NewIEEE()} }

const lineSize = 1 << 10

func (l *lines) Read(b []byte) (n int, err error) {
	for n < len(b) {
		if len(l.line) == 0 {
			if l.left == 0 {
				break
			}
			l.left--
			l.next++
			l.line = fmt.Appendf(nil, "%0*d\n", lineSize-1, l.next)
		}
		m := copy(b[n:], l.line)
		l.line = l.line[m:]
		n += m
	}
	_, _ = l.sum.Write(b[:n])
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// heldUp has one worker do the first job until all others are done by another.
func heldUp(ctx context.Context, s *stage, l load) error {
	in := newLines(l.bytes)
	c, addr, results, err := s.coordinate(ctx, l, in, "-k")
	if err != nil {
		return err
	}
	slow, err := s.work(ctx, addr, "-j1", "--", "sh", "-c", "echo >"+s.path("begun")+"; until test -e "+s.path("go")+"; do sleep 0.1; done; cat")
	if err != nil {
		return err
	}
	for exists := false; !exists && ctx.Err() == nil; time.Sleep(10 * time.Millisecond) {
		_, err := os.Stat(s.path("begun"))
		exists = err == nil
	}
	fast, err := s.work(ctx, addr, "--lines", "-j1", "--", "cat")
	if err != nil {
		return err
	}
	for last := int64(-1); ctx.Err() == nil; {
		n := c.spilled()
		if n > 0 && n == last {
			break
		}
		last = n
		time.Sleep(2 * time.Second)
	}
	if err := os.WriteFile(s.path("go"), nil, 0o600); err != nil {
		return err
	}
	sum := crc32.NewIEEE()
	n, err := io.Copy(sum, results)
	if err := errors.Join(err, <-c.ended, <-slow.ended, <-fast.ended); err != nil {
		return err
	}
	if n != l.bytes || sum.Sum32() != in.sum.Sum32() {
		return fmt.Errorf("%d bytes of results came for %d of jobs, or not the same", n, l.bytes)
	}
	return nil
}

// oneResult has one job print it all.
func oneResult(ctx context.Context, s *stage, l load) error {
	c, addr, results, err := s.coordinate(ctx, l, bytes.NewReader([]byte("x\n")))
	if err != nil {
		return err
	}
	w, err := s.work(ctx, addr, "-j1", "--", "head", "-c", fmt.Sprint(l.bytes-1), "/dev/zero")
	if err != nil {
		return err
	}
	n, err := io.Copy(io.Discard, results)
	if err := errors.Join(err, <-c.ended, <-w.ended); err != nil {
		return err
	}
	if n != l.bytes {
		return fmt.Errorf("%d bytes came of a result of %d", n, l.bytes)
	}
	return nil
}

// blocked has nobody read stdout for a while.
func blocked(ctx context.Context, s *stage, l load) error {
	c, addr, results, err := s.coordinate(ctx, l, newLines(l.bytes))
	if err != nil {
		return err
	}
	w, err := s.work(ctx, addr, "--lines", "--", "cat")
	if err != nil {
		return err
	}
	select {
	case <-time.After(l.pause):
	case <-ctx.Done():
	}
	n, err := io.Copy(io.Discard, results)
	if err := errors.Join(err, <-c.ended, <-w.ended); err != nil {
		return err
	}
	if n != l.bytes {
		return fmt.Errorf("%d bytes of results came for %d of jobs", n, l.bytes)
	}
	return nil
}

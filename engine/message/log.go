package message

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// How is how much is said, and in which form.
type How int

// The ways to speak.
const (
	Usual   How = iota // sentences
	Quiet              // the same, but only errors
	Verbose            // structured lines
)

// A Log speaks for one program. Any goroutine may use it.
type Log struct {
	name string
	how  How

	mu      sync.Mutex // guards all below, and is held while a line is written
	write   func(line []byte)
	buf     bytes.Buffer
	handler slog.Handler // writes to buf
	crowds  map[string]*crowd
}

// New makes a log for the program of that name. write writes one line, with its
// newline, which it must not keep, and is called once at a time.
func New(name string, how How, write func(line []byte)) *Log {
	l := &Log{name: name, how: how, write: write, crowds: map[string]*crowd{}}
	l.handler = slog.NewTextHandler(&l.buf, nil)
	return l
}

// Info says something that only --verbose tells.
func (l *Log) Info(what string, attrs ...any) {
	if l.how == Verbose {
		l.say(slog.LevelInfo, what, "", attrs)
	}
}

// Tell says something that people are told in a sentence, without being worried.
func (l *Log) Tell(what, sentence string, attrs ...any) {
	if l.how != Quiet {
		l.say(slog.LevelInfo, what, sentence, attrs)
	}
}

// Warn is Tell for what they may want to do something about.
func (l *Log) Warn(what, sentence string, attrs ...any) {
	if l.how != Quiet {
		l.say(slog.LevelWarn, what, sentence, attrs)
	}
}

// Warnf is Warn for what is said once or seldom, and in the same words to all.
func (l *Log) Warnf(format string, args ...any) {
	if l.how != Quiet {
		l.once(slog.LevelWarn, fmt.Sprintf(format, args...))
	}
}

// Errorf is Warnf for what is said in any case.
func (l *Log) Errorf(format string, args ...any) {
	l.once(slog.LevelError, fmt.Sprintf(format, args...))
}

// Failed returns the line about a job that has failed. That is said of each one, and
// in its place behind what the job printed.
func (l *Log) Failed(sentence string, attrs ...any) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.line(slog.LevelError, "job failed", sentence, attrs))
}

// Close says what was left out so far. Nothing may be said after it.
func (l *Log) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for what, c := range l.crowds {
		l.disperse(what, c)
	}
}

// say writes a line, unless there were many about the same.
func (l *Log) say(level slog.Level, what, sentence string, attrs []any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.admit(level, what) {
		l.write(l.line(level, what, sentence, attrs))
	}
}

func (l *Log) once(level slog.Level, sentence string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.write(l.line(level, sentence, sentence, nil))
}

// line makes a line in buf. The mutex is held.
func (l *Log) line(level slog.Level, what, sentence string, attrs []any) []byte {
	l.buf.Reset()
	if l.how != Verbose {
		fmt.Fprintf(&l.buf, "%s: %s\n", l.name, sentence)
		return l.buf.Bytes()
	}
	r := slog.NewRecord(time.Now(), level, what, 0)
	r.Add(attrs...)
	_ = l.handler.Handle(context.Background(), r) // a Buffer takes everything
	return l.buf.Bytes()
}

package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/jobpipe/jobpipe/codec"
	"github.com/jobpipe/jobpipe/integration/opening"
)

// An attack is played again and again, by so many at once.
type attack struct {
	name   string
	at     int
	play   func(*target)
	before func(*target) // once
}

// A target is whom to attack, and from where.
type target struct {
	addr, from string
	local      string // its Unix socket
	key        *codec.Key
	recorded   []byte // what a decent worker once said
}

// play is the attackers' process.
func play(name, addr, local, keyFile string) error {
	at := slices.IndexFunc(attacks, func(a attack) bool { return a.name == name })
	if at < 0 {
		return fmt.Errorf("there is no attack called %q", name)
	}
	a := &attacks[at]
	common := target{addr: addr, local: local, key: readKey(keyFile)}
	if a.before != nil {
		a.before(&common)
	}
	var all sync.WaitGroup
	for i := range a.at {
		t := common
		t.from = fmt.Sprintf("127.0.0.%d", 10+i%20) // as if from so many machines
		all.Go(func() {
			for {
				a.play(&t)
			}
		})
	}
	all.Wait()
	return nil
}

var attacks = slices.Concat(nobody, strangers, mallories)

// nobody shows how much chance there is in the figures.
var nobody = []attack{{name: "(nothing at all)", at: 1, play: func(*target) { time.Sleep(time.Hour) }}}

// strangers do not have the key.
var strangers = []attack{
	{name: "connects and says nothing, 200 at a time", at: 200, play: say(nil)},
	{name: "connects and says nothing, 5,000 at a time", at: 5000, play: func(t *target) {
		if conn, err := dial(t.addr, t.from); err == nil {
			wait(conn) // also where it is refused
			time.Sleep(time.Second)
			_ = conn.Close()
		}
	}},
	{name: "connects and leaves", at: 20, play: func(t *target) {
		if conn, err := dial(t.addr, t.from); err == nil {
			_ = conn.Close()
		}
	}},
	{name: "a byte a second", at: 200, play: func(t *target) {
		conn, err := dial(t.addr, t.from)
		if err != nil {
			return
		}
		defer conn.Close()
		_, words := codec.Start(t.key)
		for i := range words {
			if _, err := conn.Write(words[i : i+1]); err != nil {
				return
			}
			time.Sleep(time.Second)
		}
	}},
	{name: "random bytes", at: 20, play: func(t *target) {
		b := make([]byte, 4096)
		_, _ = rand.Read(b)
		say(b)(t)
	}},
	{name: "HTTP", at: 20, play: say([]byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"))},
	{name: "a TLS hello", at: 20, play: say([]byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"))},
	{name: "zeros without end", at: 20, play: func(t *target) {
		conn, err := dial(t.addr, t.from)
		if err != nil {
			return
		}
		defer conn.Close()
		for zeros := make([]byte, 1<<20); err == nil; {
			_, err = conn.Write(zeros)
		}
	}},
	{name: "wrong keys", at: 20, play: func(t *target) {
		var key codec.Key
		_, _ = rand.Read(key[:])
		_, words := codec.Start(&key)
		say(words)(t)
	}},
	{name: "no key", at: 20, play: func(t *target) {
		_, words := codec.Start(nil)
		say(words)(t)
	}},
	{name: "a replay of another's words", at: 20, before: record, play: func(t *target) { say(t.recorded)(t) }},
	{name: "reflects what it is told", at: 20, play: func(t *target) {
		conn, err := dial(t.addr, t.from)
		if err != nil {
			return
		}
		defer conn.Close()
		o, words := codec.Start(t.key)
		if reply, err := opening.Exchange(conn, o, words); err == nil {
			_, _ = conn.Write(reply)
			wait(conn)
		}
	}},
	{name: "announces 4 GiB behind an opening", at: 20, play: afterOpening(255, 255, 255, 255)},
}

// say is an attack that says something and waits to be hung up on.
func say(words []byte) func(*target) {
	return func(t *target) {
		conn, err := dial(t.addr, t.from)
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = conn.Write(words)
		wait(conn)
	}
}

// afterOpening is an attack by one who has a key for the opening, as a replayed
// one would, but not for what follows.
func afterOpening(words ...byte) func(*target) {
	return func(t *target) {
		_, opening := codec.Start(t.key)
		say(append(opening, words...))(t)
	}
}

func wait(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// record keeps what a decent worker says until it is let in.
func record(t *target) {
	conn, err := dial(t.addr, "")
	if err != nil {
		return
	}
	defer conn.Close()
	o, words := codec.Start(t.key)
	reply, err := opening.Exchange(conn, o, words)
	if err != nil {
		return
	}
	secrets, err := o.Finish(reply)
	if err != nil {
		return
	}
	out := codec.NewEncoder(codec.NewScratch())
	out.SetCipher(secrets.Send)
	t.recorded = out.Append(bytes.Clone(words), codec.TypeHello, codec.AppendHello(nil, helloOf("recorded", 1)))
}

// Package opening is how a worker begins, for programs that play one.
package opening

import (
	"io"

	"github.com/jobpipe/jobpipe/codec"
)

// Exchange says the words of an opening and returns the answer.
func Exchange(conn io.ReadWriter, o *codec.Opening, words []byte) ([]byte, error) {
	if _, err := conn.Write(words); err != nil {
		return nil, err
	}
	reply := make([]byte, codec.PrefixLen)
	if _, err := io.ReadFull(conn, reply); err != nil {
		return nil, err
	}
	reply = append(reply, make([]byte, o.ReplyLen(reply)-len(reply))...)
	_, err := io.ReadFull(conn, reply[codec.PrefixLen:])
	return reply, err
}

// Greet opens a connection to a coordinator; without a key there is no security.
// What follows is Hello.
func Greet(conn io.ReadWriter, key *codec.Key) (codec.Secrets, error) {
	o, words := codec.Start(key)
	reply, err := Exchange(conn, o, words)
	if err != nil {
		return codec.Secrets{}, err
	}
	return o.Finish(reply)
}

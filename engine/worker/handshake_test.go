package worker

import (
	"errors"
	"strings"
	"testing"

	"github.com/jobpipe/jobpipe/codec"
)

func TestHello(t *testing.T) {
	cfg := config(t, "cat")
	cfg.Name, cfg.Slots = strings.Repeat("n", 120), 7
	_, h := meet(t, cfg)
	if h.MinVersion != codec.MinVersion || h.MaxVersion != codec.MaxVersion || h.Slots != 7 || h.Lines {
		t.Errorf("hello: %+v", h)
	}
	if h.Name != strings.Repeat("n", 100) {
		t.Errorf("a name of %d bytes", len(h.Name))
	}
}

func TestCompressionsOffered(t *testing.T) {
	const s2, zstd = 1 << codec.S2, 1<<codec.Zstd | 1<<codec.Linked
	for compress, want := range map[string]uint8{"none": 0, "s2": s2, "zstd": zstd, "auto": s2 | zstd} {
		t.Run(compress, func(t *testing.T) {
			cfg := config(t, "cat")
			cfg.Compress = compress
			if _, h := meet(t, cfg); h.Compressions != want {
				t.Errorf("offered: %b, want %b", h.Compressions, want)
			}
		})
	}
}

func TestAnswersToTheHello(t *testing.T) {
	welcome := usual()
	welcome.Delim = 'x'
	for _, c := range []struct {
		name    string
		typ     codec.Type
		payload []byte
		want    error
		text    string
	}{
		{"refused", codec.TypeRefuse, codec.AppendRefuse(nil, codec.Refuse{Reason: "too many of you"}), ErrRefused, "too many of you"},
		{"a refusal that is too long", codec.TypeRefuse, make([]byte, 513), ErrLost, "does not keep to the protocol"},
		{"over already", codec.TypeOver, []byte{0}, nil, ""},
		{"a welcome that is none", codec.TypeWelcome, codec.AppendWelcome(nil, welcome), ErrLost, "malformed Welcome"},
		{"no welcome", codec.TypeRevoke, []byte{1}, ErrLost, "instead of a welcome"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, _ := meet(t, config(t, "cat"))
			b.send(c.typ, c.payload)
			err := b.end()
			if !errors.Is(err, c.want) || c.want != nil && !strings.Contains(err.Error(), c.text) {
				t.Errorf("got %v, want %v with %q", err, c.want, c.text)
			}
		})
	}
}

func TestConnectionClosedBeforeTheWelcome(t *testing.T) {
	c, _ := meet(t, config(t, "cat"))
	c.conn.Close()
	if err := c.end(); !errors.Is(err, ErrLost) {
		t.Errorf("got %v", err)
	}
}

func TestContextEndsBeforeTheWelcome(t *testing.T) {
	c, _ := meet(t, config(t, "cat"))
	c.cancel()
	if err := c.end(); err == nil || errors.Is(err, ErrLost) {
		t.Errorf("got %v", err)
	}
}

package main

import (
	"context"
	"os"
)

// gearman is a filter of its own tools: two workers that stay, and a client that
// sends a job when the one before is answered.
type gearman struct {
	server
	client command
}

func newGearman() *gearman {
	worker := words("gearman -h 127.0.0.1 -p PORT -w -f cat -- cat")
	return &gearman{
		server: server{
			command: words("gearmand --listen 127.0.0.1 --port PORT --log-file none"),
			clients: []command{worker, worker},
		},
		client: words("gearman -h 127.0.0.1 -p PORT -n -f cat"),
	}
}

func (g *gearman) String() string { return "gearman -n -f cat, 2 gearman -w -f cat -- cat" }

func (g *gearman) run(ctx context.Context, stdin, stdout *os.File) error {
	return g.fill(g.client).run(ctx, stdin, stdout)
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// iperf is a side that sends as many bytes as there are in jobs of 1 MiB over
// one TCP stream, one way and without looking at them.
type iperf struct {
	server
	mebibytes int
}

func newIperf(mebibytes int) *iperf {
	return &iperf{server{command: words("iperf3 -s -B 127.0.0.1 -p PORT")}, mebibytes}
}

func (i *iperf) String() string { return "iperf3, one stream, one way" }
func (i *iperf) jobs() int      { return i.mebibytes }

func (i *iperf) check(ctx context.Context) error {
	_, err := i.rate(ctx)
	return err
}

// rate is what it says it received, in MiB a second.
func (i *iperf) rate(ctx context.Context) (float64, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer r.Close()
	client := words(fmt.Sprintf("iperf3 -c 127.0.0.1 -p PORT -J -n %dM", i.mebibytes))
	p, err := i.fill(client).launch(ctx, nil, w)
	w.Close()
	if err != nil {
		return 0, err
	}
	said, err := io.ReadAll(r)
	if err := errors.Join(err, p.wait()); err != nil {
		return 0, err
	}
	var report struct {
		End struct {
			Received struct {
				BitsPerSecond float64 `json:"bits_per_second"`
			} `json:"sum_received"`
		}
	}
	if err := json.Unmarshal(said, &report); err != nil {
		return 0, err
	}
	if report.End.Received.BitsPerSecond == 0 {
		return 0, errors.New("nothing received")
	}
	return report.End.Received.BitsPerSecond / 8 / (1 << 20), nil
}

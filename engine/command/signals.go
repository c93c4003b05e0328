package command

import (
	"os"
	"os/signal"
)

// unignoreSignals keeps jobs from inheriting that we ignore a signal, as under
// nohup or behind the & of a script: an ignored signal stays so through exec,
// one with a handler does not. Ours does nothing, so for us nothing changes.
func unignoreSignals() {
	dropped := make(chan os.Signal, 1)
	for _, s := range ignored() {
		signal.Notify(dropped, s)
	}
}

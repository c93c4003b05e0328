// Package watch shows a run over HTTP, to whoever looks: a page that is live, the
// figures for Prometheus, and whether all is well.
//
//	listen.go   the address, which is on loopback unless another is asked for
//	server.go   what can be asked for, for how long, and by how many at once
//	guard.go    who is turned away, and what browsers are told not to do
//	look.go     asking the run how it is, once for all who ask at about that time
//	page/       the page; it stands alone, and asks nobody else for anything
//	stream.go   what it is sent while it is live: moments (moment.go), of which the
//	            workers are a choice (choice.go)
//	metrics.go  the figures, and exposition.go the text format of Prometheus
//
// It only reads: there is nothing here that changes a run, and nothing that one who
// looks can make it wait for. The run is known by a snapshot (package live) that
// the event loop makes when it is asked; between two looks nothing is done.
//
// What jobs are called and print is the text of strangers. It leaves as JSON, or as
// escaped labels, never as HTML.
package watch

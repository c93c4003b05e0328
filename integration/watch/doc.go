// Package watch tests what --http shows, with what reads it: the page in a real
// browser, chromium, which clicks through it while a real run goes on and while runs
// are made up that one cannot have at will; and the figures with the linter of
// Prometheus.
//
// It is a module of its own, so that none of that is part of jobpipe's. With
//
//	go test -shots DIR
//
// the browser leaves pictures of what it has seen.
package watch

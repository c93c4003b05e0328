package watch

import (
	"embed"
	"net/http"
)

//go:embed page
var page embed.FS

// A file is part of the page.
type file struct {
	path string // pattern of it
	name string // below page
	kind string
}

var files = []file{
	{"{$}", "index.html", "text/html"},
	{"style.css", "style.css", "text/css"},
	{"page.js", "page.js", "text/javascript"},
	{"lane.js", "lane.js", "text/javascript"},
	{"words.js", "words.js", "text/javascript"},
	{"icon.svg", "icon.svg", "image/svg+xml"},
}

func (f *file) serve(w http.ResponseWriter, _ *http.Request) {
	data, err := page.ReadFile("page/" + f.name)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", f.kind+"; charset=utf-8")
	_, _ = w.Write(data) // who has gone does not want it
}

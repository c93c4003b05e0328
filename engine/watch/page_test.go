package watch

import (
	"regexp"
	"strings"
	"testing"
)

// The page is whole: what it refers to is there and of the right kind.
func TestPage(t *testing.T) {
	r := start(t)
	refers := regexp.MustCompile(`(?:src|href|from)[= ]"(?:\./)?([^"#]+)"`)
	seen := map[string]bool{"index.html": true}
	for todo := []string{""}; len(todo) > 0; todo = todo[1:] {
		got, body := r.ask("GET", "/"+todo[0], nil)
		if got.StatusCode != 200 || body == "" {
			t.Errorf("/%s: %s", todo[0], got.Status)
		}
		for _, m := range refers.FindAllStringSubmatch(body, -1) {
			if !seen[m[1]] {
				seen[m[1]] = true
				todo = append(todo, m[1])
			}
		}
	}
	for _, f := range files {
		if !seen[f.name] {
			t.Errorf("nothing refers to %s", f.name)
		}
		name := strings.TrimSuffix(f.path, "{$}")
		if got, _ := r.ask("GET", "/"+name, nil); got.Header.Get("Content-Type") != f.kind+"; charset=utf-8" {
			t.Errorf("/%s is %s", name, got.Header.Get("Content-Type"))
		}
	}
}

// It asks nobody else for anything, does nothing that the policy of its headers
// forbids, and makes no markup of what it is told.
func TestPageStandsAlone(t *testing.T) {
	entries, err := page.ReadDir("page")
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(files) {
		t.Errorf("%d files, of which %d are served", len(entries), len(files))
	}
	for _, e := range entries {
		data, err := page.ReadFile("page/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(data), `xmlns="http://www.w3.org/2000/svg"`, "")
		for what, pattern := range map[string]string{
			"another address":       `(https?:)?//[a-z]|@import|url\(`,
			"an inline style":       `<[^>]* style=|<style`,
			"an inline script":      `<[^>]* on[a-z]+=|<script>|javascript:`,
			"markup made of a text": `innerHTML|outerHTML|insertAdjacent|document\.write|DOMParser|\beval\b|new Function`,
		} {
			if found := regexp.MustCompile(pattern).FindString(text); found != "" {
				t.Errorf("%s has %s: %s", e.Name(), what, found)
			}
		}
	}
}

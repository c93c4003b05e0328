package integration

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// example starts one of scripts/examples.
func example(p *place, name string, words ...string) *process {
	p.t.Helper()
	return p.startIn(p.dir, name, append([]string{top(p.t) + "/scripts/examples/" + name}, words...))
}

// newSite serves pages on loopback, each by the number of times it was asked for, from 1.
func newSite(t *testing.T, page func(w http.ResponseWriter, r *http.Request, times int)) *httptest.Server {
	var mu sync.Mutex
	asked := map[string]int{}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked[r.URL.String()]++
		times := asked[r.URL.String()]
		mu.Unlock()
		page(w, r, times)
	}))
	t.Cleanup(site.Close)
	return site
}

// TestBucketSums: the bucket has keys of all kinds, and lists a few at a time; its
// server is busy when an object is first asked for, and breaks off the second time.
func TestBucketSums(t *testing.T) {
	t.Parallel()
	require(t, "bash", "curl", "sha256sum")
	objects := map[string]string{"empty": ""}
	for i := range 25 {
		objects[fmt.Sprintf("dir %d/a&b <ü>'\n%%41.%d", i, i)] = strings.Repeat("x", 1000*i)
	}
	keys := []string{}
	for key := range objects {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	type content struct{ Key string }
	type listing struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		Contents              []content
		NextContinuationToken string `xml:",omitempty"`
	}
	bucket := newSite(t, func(w http.ResponseWriter, r *http.Request, times int) {
		if r.URL.Path == "/" {
			var page listing
			from, _ := strconv.Atoi(strings.TrimPrefix(r.FormValue("continuation-token"), "from+"))
			to := min(from+7, len(keys))
			for _, key := range keys[from:to] {
				page.Contents = append(page.Contents, content{url.QueryEscape(key)})
			}
			if to < len(keys) {
				page.NextContinuationToken = fmt.Sprintf("from+%d", to)
			}
			_ = xml.NewEncoder(w).Encode(page)
			return
		}
		object, found := objects[strings.TrimPrefix(r.URL.Path, "/")]
		switch {
		case !found:
			http.NotFound(w, r)
		case times == 1:
			http.Error(w, "busy", http.StatusServiceUnavailable)
		case times == 2 && len(object) > 0:
			w.Header().Set("Content-Length", strconv.Itoa(len(object)))
			_, _ = w.Write([]byte(object[:1]))
		default:
			_, _ = w.Write([]byte(object))
		}
	})
	p := newPlace(t)
	p.finish(example(p, "bucket-sums", bucket.URL, "-j", "4"), 0)
	var want []string
	for key, object := range objects {
		name := strings.ReplaceAll(url.QueryEscape(key), "+", "%20")
		want = append(want, fmt.Sprintf("%x  %s\n", sha256.Sum256([]byte(object)), name))
	}
	got := slices.Sorted(strings.Lines(p.read("bucket-sums.out")))
	if slices.Sort(want); !slices.Equal(got, want) {
		t.Errorf("it prints\n%swant\n%s", strings.Join(got, ""), strings.Join(want, ""))
	}
	bucket.Close()
	p.finish(example(p, "bucket-sums", bucket.URL), 1) // no list, which is no empty list
}

// wave is a sound of 16 bits in mono.
func wave(samples []int16) []byte {
	var b bytes.Buffer
	size := uint32(2 * len(samples))
	for _, part := range []any{
		[]byte("RIFF"), 36 + size, []byte("WAVEfmt "), uint32(16), uint16(1), uint16(1),
		uint32(8000), uint32(16000), uint16(2), uint16(16), []byte("data"), size, samples,
	} {
		_ = binary.Write(&b, binary.LittleEndian, part) // to memory
	}
	return b.Bytes()
}

// TestToFLAC converts sounds, two of them with odd names and one that is none, and
// back again.
func TestToFLAC(t *testing.T) {
	t.Parallel()
	require(t, "flac", "find")
	p := newPlace(t)
	names := []string{"a", "b c'$d", "e\nf"}
	if err := os.MkdirAll(p.abs("music/more"), 0o755); err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		samples := make([]int16, 4000)
		for j := range samples {
			samples[j] = int16(j * j * (i + 1))
		}
		p.write("music/more/"+name+".wav", string(wave(samples)))
	}
	p.write("music/none.wav", "no sound")
	run := func() []string {
		p.finish(example(p, "to-flac", "music", "--failed", "failed"), 0) // the status is that of tr
		return slices.Sorted(strings.Lines(p.read("to-flac.out")))
	}
	want := []string{"music/more/a.flac\n", "music/more/b c'$d.flac\n", "music/more/e f.flac\n"}
	if got := run(); !slices.Equal(got, want) {
		t.Errorf("it prints %q", got)
	}
	if failed := p.read("failed"); failed != "music/none.wav\x00" {
		t.Errorf("these failed: %q", failed)
	}
	before := map[string]os.FileInfo{}
	for _, name := range names {
		flac := p.abs("music/more/" + name + ".flac")
		p.finish(p.startIn(p.dir, "back", []string{"flac", "--silent", "-d", "-f", "-o", p.abs("back.wav"), flac}), 0)
		if p.read("back.wav") != p.read("music/more/"+name+".wav") {
			t.Errorf("%q is another sound now", name)
		}
		before[flac], _ = os.Stat(flac)
	}
	if got := run(); !slices.Equal(got, want) {
		t.Errorf("the second time it prints %q", got)
	}
	for flac, info := range before {
		if now, err := os.Stat(flac); err != nil || !os.SameFile(now, info) {
			t.Errorf("%q was made again (%v)", flac, err)
		}
	}
	if parts, _ := filepath.Glob(p.abs("music/*/*.part")); len(parts) > 0 {
		t.Errorf("these are left: %q", parts)
	}
}

// TestTitles: one page is busy at first, one moved, one is missing, one has no title; and
// some lines are no pages.
func TestTitles(t *testing.T) {
	t.Parallel()
	require(t, "curl")
	site := newSite(t, func(w http.ResponseWriter, r *http.Request, times int) {
		switch {
		case r.URL.Path == "/missing":
			http.NotFound(w, r)
		case r.URL.Path == "/busy" && times < 3:
			http.Error(w, "busy", http.StatusTooManyRequests)
		case r.URL.Path == "/moved":
			http.Redirect(w, r, "/1?a=b", http.StatusFound)
		case r.URL.Path == "/untitled":
			_, _ = fmt.Fprint(w, "<html>nothing</html>")
		default:
			_, _ = fmt.Fprintf(w, "<html><Title lang=en>\n  The page\n%s </title><svg><title>x</title>", r.URL.Path)
		}
	})
	p := newPlace(t)
	var urls, want strings.Builder
	for _, page := range []struct{ path, title string }{
		{"/1", "The page /1"}, {"/busy", "The page /busy"}, {"/missing", ""}, {"/moved", "The page /1"},
		{"/untitled", ""}, {"/2?a=b&c='d'", "The page /2"}, {"/{1,2}", "The page /{1,2}"},
	} {
		fmt.Fprintf(&urls, "%s%s\n", site.URL, page.path)
		if page.path != "/missing" {
			fmt.Fprintf(&want, "%s%s\t%s\n", site.URL, page.path, page.title)
		}
	}
	odd := "-V\nfile://" + p.abs("urls") + "\n"
	p.write("urls", urls.String()+odd)
	p.finish(example(p, "titles", "urls", "--rate", "100/s", "--failed", "later"), 1)
	if got := p.read("titles.out"); got != want.String() {
		t.Errorf("it prints\n%swant\n%s", got, want.String())
	}
	if got := slices.Sorted(strings.Lines(p.read("later"))); !slices.Equal(got, slices.Sorted(strings.Lines(odd+site.URL+"/missing\n"))) {
		t.Errorf("left for later: %q", got)
	}
}

// TestGuessLanguage: the model is loaded once for each slot, whatever the number of
// lines, and each is answered in its place.
func TestGuessLanguage(t *testing.T) {
	t.Parallel()
	require(t, "python3")
	texts := []struct{ language, text string }{
		{"de", "Guten Morgen, wie geht es dir?"}, {"en", "The weather is lovely today"},
		{"es", "¿Dónde está la biblioteca?"}, {"fr", "Où est la gare, monsieur ?"},
		{"en", "She sells sea shells by the shore"}, {"de", "Der Zug ist heute nicht gekommen"},
	}
	var lines, want strings.Builder
	const count = 6000
	for i := range count {
		lines.WriteString(texts[i%len(texts)].text + "\n")
		want.WriteString(texts[i%len(texts)].language + "\n")
	}
	p := newPlace(t)
	p.write("texts", lines.String())
	p.finish(p.start("run", "jobpipe -k --lines -j 2 -- "+top(t)+"/scripts/examples/guess-language <texts"), 0)
	if got := p.read("run.out"); got != want.String() {
		t.Errorf("it prints\n%s", got)
	}
	if n := strings.Count(p.read("run.err"), "the model is loaded"); n < 1 || n > 2 {
		t.Errorf("the model was loaded %d times", n)
	}
}

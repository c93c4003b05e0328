package watch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// chromium is one browser for all tests.
var chromium struct {
	start  sync.Once
	ctx    context.Context
	cancel context.CancelFunc
}

func closeBrowser() {
	if chromium.cancel != nil {
		_ = chromedp.Cancel(chromium.ctx)
		chromium.cancel()
	}
}

// A look is how somebody looks at the page.
type look struct {
	width, height int64
	dark          bool
}

var (
	desk  = look{width: 1280, height: 900}
	phone = look{width: 360, height: 740}
)

func (l look) in(dark bool) look {
	l.dark = dark
	return l
}

// A tab of the browser has a page open.
type tab struct {
	t   *testing.T
	ctx context.Context
}

// open opens a page. Whatever is wrong with it, in the eyes of the browser, fails
// the test.
func open(t *testing.T, url string, l look) *tab {
	t.Helper()
	path := need(t, "chromium")
	chromium.start.Do(func() {
		allocator, cancel := chromedp.NewExecAllocator(context.Background(),
			append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox)...) // root has no sandbox
		chromium.ctx, _ = chromedp.NewContext(allocator)
		chromium.cancel = cancel
	})
	if err := chromedp.Do(chromium.ctx); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(chromium.ctx)
	ctx, stop := context.WithTimeout(ctx, 3*tolerance)
	b := &tab{t, ctx}
	messages := chromedp.Console(ctx)
	read := make(chan struct{})
	go func() {
		defer close(read)
		said := map[string]bool{}
		for m, err := range messages {
			if err != nil {
				return
			}
			gone := strings.HasPrefix(m.Text, "Failed to load resource: net::ERR_") // with the run
			if !gone && !said[m.Text] {
				said[m.Text] = true
				t.Errorf("the browser says: %s %s (%s)", m.Type, m.Text, m.URL)
			}
		}
	}()
	t.Cleanup(func() {
		stop()
		cancel()
		<-read
	})
	b.look(l)
	b.do(chromedp.Navigate(url))
	return b
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) look(l look) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: l.width, Height: l.height, DeviceScaleFactor: 1, Mobile: l.width < 600,
	})
	if err != nil {
		b.t.Fatal(err)
	}
	scheme := "light"
	if l.dark {
		scheme = "dark"
	}
	_, err = chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// value is that of an expression.
func value[T any](b *tab, js string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](js))
	if err != nil {
		b.t.Fatalf("%s: %v", js, err)
	}
	return v
}

// until waits for an expression to be true.
func (b *tab) until(js string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Poll[chromedp.Void](js, chromedp.WithPollingTimeout(tolerance))); err != nil {
		b.t.Fatalf("waited in vain for %s: %v; the page says:\n%s", js, err, value[string](b, `document.body.innerText`))
	}
}

// text is what an element says, says waits for it to say something.
func (b *tab) text(id string) string {
	b.t.Helper()
	return value[string](b, fmt.Sprintf(`document.getElementById(%q).innerText`, id))
}

func (b *tab) says(id, text string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`document.getElementById(%q).innerText.includes(%q)`, id, text))
}

func (b *tab) click(css string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(css)))
}

// press presses a key, wherever the focus is.
func (b *tab) press(keys string) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(keys))
}

// shoot leaves a picture, if these are wanted.
func (b *tab) shoot(name string) {
	b.t.Helper()
	if *shots == "" {
		return
	}
	got, err := chromedp.Call(b.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{})
	if err == nil {
		err = os.WriteFile(filepath.Join(*shots, name+".png"), got.Data, 0o644)
	}
	if err != nil {
		b.t.Error(err)
	}
}

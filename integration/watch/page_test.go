package watch

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"

	"github.com/jobpipe/jobpipe/engine/live"
)

// What comes from jobs and workers is shown as it is, and does nothing.
func TestHostileText(t *testing.T) {
	const bad = `<img src=x onerror="hacked=1"><script>hacked=1</script><style>*{display:none}</style>`
	run := busy(1)
	run.Why = "waiting for " + bad
	run.Workers[0].Name = bad
	run.Workers[0].Addr = bad
	run.Slow[0].Text, run.Slow[0].Worker = bad+"\x1b[31m\u202eevil\x00\xff", bad
	run.Failures = []live.Failure{{Seq: 1, Text: bad, Worker: bad, Cause: bad, Stderr: bad + "\x1b]0;title\x07\n\u2066"}}
	f := pretend(t, "0", run)
	b := open(t, f.server.URL(), desk)
	b.says("why", bad)
	b.says("rows", bad)
	b.says("slow-rows", bad+"␛[31m\uFFFDevil␀\uFFFD")
	b.click("summary")
	b.says("failure-list", bad+"␛]0;title␇\n\uFFFD")
	if n := value[int](b, `document.querySelectorAll("img, style, script:not([src='page.js'])").length`); n != 0 {
		t.Errorf("%d elements were made of texts", n)
	}
	if value[bool](b, `"hacked" in window`) {
		t.Error("a text was run")
	}
	if text := b.text("failure-list"); strings.ContainsAny(text, "\x1b\x07\u2066") {
		t.Errorf("control characters are shown: %q", text)
	}
	// Nothing was asked for but from here.
	if n := value[int](b, `performance.getEntriesByType("resource").filter(r => !r.name.startsWith(location.origin)).length`); n != 0 {
		t.Errorf("%d things were asked for elsewhere", n)
	}
}

// A thousand workers are gone through, found and put in order, and the page holds
// no more than a few of them.
func TestThousandWorkers(t *testing.T) {
	f := pretend(t, "0", busy(1000))
	f.size = 500_000
	b := open(t, f.server.URL(), desk)
	b.says("rows", "node-0001")
	b.says("workers-count", "1,000")
	b.says("shown", "1 to 25 of 1,000")
	b.says("share", "62 %, 31,000 of about 50,000 jobs")
	b.shoot("many")
	rows := func() int { return value[int](b, `document.querySelectorAll("#rows tr").length`) }
	if n := rows(); n != 25 {
		t.Errorf("%d rows", n)
	}
	if n := value[int](b, `document.querySelectorAll("*").length`); n > 1000 {
		t.Errorf("the page has %d elements", n)
	}
	// Each lane is drawn, with all that its slots did.
	if empty := value[int](b, `[...document.querySelectorAll("canvas")].filter(c => !new Set(new Uint32Array(
			c.getContext("2d").getImageData(0, 0, c.width, c.height).data.buffer)).size > 4).length`); empty > 0 {
		t.Errorf("%d lanes are empty", empty)
	}
	if value[bool](b, `document.getElementById("previous").disabled`) != true {
		t.Error("there is a page before the first")
	}
	b.click("#next")
	b.says("rows", "node-0026")
	b.says("shown", "26 to 50 of 1,000")
	b.click("#previous")
	b.says("rows", "node-0001")
	b.do(chromedp.SendKeys(chromedp.CSS("#find"), "E-099"))
	b.until(`document.querySelectorAll("#rows tr").length === 10 && document.getElementById("pages").hidden`)
	b.says("rows", "node-0990")
	b.do(chromedp.SendKeys(chromedp.CSS("#find"), "nobody"))
	b.says("no-workers", "No worker is called like that.")
	value[bool](b, `document.getElementById("find").select(), true`)
	b.press("node")
	b.says("shown", "of 1,000")
	for _, order := range []struct {
		by string
		of func(*live.Worker) float64
	}{
		{"done", func(w *live.Worker) float64 { return float64(w.Done) }},
		{"idle", func(w *live.Worker) float64 { return -float64(w.Working) }},
		{"failed", func(w *live.Worker) float64 { return float64(w.Failed) }},
		{"name", func(w *live.Worker) float64 { return -float64(w.ID) }},
	} {
		workers := busy(1000).Workers
		most := &workers[0]
		for i := range workers {
			if order.of(&workers[i]) > order.of(most) {
				most = &workers[i]
			}
		}
		b.do(chromedp.SetValue(chromedp.CSS("#by"), order.by))
		value[bool](b, `document.getElementById("by").dispatchEvent(new Event("change"))`)
		b.until(fmt.Sprintf(`document.querySelector("#rows th span").innerText === %q`, most.Name))
	}
	f.change(func(r *live.Run) { *r = busy(20) })
	b.says("workers-count", "20")
	b.until(`document.querySelectorAll("#rows tr").length === 20 && document.getElementById("pages").hidden`)
}

// All can be done with keys, in the order of the page.
func TestKeyboard(t *testing.T) {
	f := pretend(t, "0", busy(30))
	b := open(t, f.server.URL(), desk)
	b.says("failure-list", "exit status 22")
	focus := func() string {
		return value[string](b, `document.activeElement.id || document.activeElement.getAttribute("href") || document.activeElement.localName`)
	}
	var went []string
	for range 13 {
		b.press("\t")
		went = append(went, focus())
	}
	want := []string{"#workers", "#workers", "#slow", "#failures", "pause", "find", "by", "next", "summary", "summary", "summary", "metrics", "healthz"}
	if !slices.Equal(went, want) {
		t.Errorf("the focus went to %v, want %v", went, want)
	}
	// What has the focus is seen to have it.
	for _, id := range []string{"pause", "find", "next"} {
		if outline := value[string](b, fmt.Sprintf(`document.getElementById(%q).focus({focusVisible: true}), getComputedStyle(document.activeElement).outlineStyle`, id)); outline != "solid" {
			t.Errorf("%s has an outline that is %s", id, outline)
		}
	}
	// A failure that was opened stays open, with the focus, when others come.
	value[bool](b, `document.querySelectorAll("summary")[1].focus(), true`)
	b.press("\r")
	b.until(`document.querySelectorAll("details")[1].open`)
	f.change(func(r *live.Run) {
		r.Failures = append([]live.Failure{{Seq: 30_500, Cause: "signal 9"}}, r.Failures...)
		r.Failed++
	})
	b.says("failure-list", "signal 9")
	b.until(`document.querySelectorAll("details")[2].open && document.activeElement === document.querySelectorAll("summary")[2]`)
	// What moves can be stopped.
	value[bool](b, `document.getElementById("pause").focus(), true`)
	b.press(" ")
	b.says("pause", "Go on")
	f.change(func(r *live.Run) { r.Done = 31_111 })
	before := b.text("at")
	time.Sleep(2 * time.Second) // in which a page that goes on is sent two moments
	if after := b.text("at"); after != before || b.text("done") == "31,111" {
		t.Errorf("it goes on: %s, then %s", before, after)
	}
	b.press(" ")
	b.says("done", "31,111")
}

// What a screen reader finds: landmarks, names, headers.
func TestScreenReader(t *testing.T) {
	f := pretend(t, "0", busy(30))
	f.size = 500_000
	b := open(t, f.server.URL(), desk)
	b.says("failure-list", "exit status 22")
	tree, err := chromedp.Call(b.ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for _, n := range tree.Nodes {
		if n.Ignored || n.Role == nil {
			continue
		}
		role, name := string(n.Role.Value), ""
		if n.Name != nil {
			name = string(n.Name.Value)
		}
		found[strings.Trim(role, `"`)+" "+name]++
		switch strings.Trim(role, `"`) {
		case "button", "link", "image", "table", "navigation", "searchbox", "combobox", "progressbar":
			if name == "" || name == `""` {
				t.Errorf("a %s has no name", role)
			}
		}
	}
	for _, want := range []string{
		`banner ""`, `main ""`, `contentinfo ""`, `navigation "On this page"`, `navigation "Pages of workers"`, `search "Workers"`,
		`region "The run"`, `region "Workers 30"`, `region "Running longest"`, `region "Last failures 3"`,
		`heading "jobpipe"`, `heading "Workers 30"`,
		`table "Workers 30"`, `table "Running longest"`, `columnheader "Worker"`, `columnheader "Failed tries"`,
		`rowheader "All together"`, `rowheader "node-0001 192.0.2.0:40000"`, `rowheader "30000"`,
		`progressbar "Jobs done"`, `searchbox "Find"`, `combobox "First"`, `button "Pause"`, `status ""`,
	} {
		if found[want] == 0 {
			t.Errorf("there is no %s", want)
		}
	}
	if t.Failed() {
		t.Logf("there is:\n%s", strings.Join(slices.Sorted(maps.Keys(found)), "\n"))
	}
	if now := value[string](b, `document.getElementById("bar").getAttribute("aria-valuenow")`); now != "62" {
		t.Errorf("of the jobs %s %% are done", now)
	}
}

// What is said aloud is what is news, and not each second that passes.
func TestSeldomSpeaks(t *testing.T) {
	f := pretend(t, "0", busy(2))
	b := open(t, f.server.URL(), desk)
	b.says("said", "Nothing holds it up. 3 jobs failed.")
	value[bool](b, `window.said = [], new MutationObserver(() => said.push(document.getElementById("said").textContent))
		.observe(document.getElementById("said"), {childList: true, characterData: true, subtree: true}), true`)
	for i := range 4 {
		f.change(func(r *live.Run) {
			r.Why = fmt.Sprintf("job 17 has run for %d s on node-0001; results behind it wait for it (-k)", 12+i)
			r.Done++
		})
		b.says("why", fmt.Sprintf("for %d s", 12+i))
	}
	b.says("said", "Job 17 has run for")
	if said := value[[]string](b, `said`); len(said) != 1 {
		t.Errorf("it said %q", said)
	}
}

// On a phone and on a desk, by day and by night, all fits and can be read.
func TestLooks(t *testing.T) {
	run := busy(8)
	run.Why = "job 17 has run for 3 min on node-0001; results behind it wait for it (-k)"
	run.Workers[2].Away = true
	run.Workers[3].Slots, run.Workers[3].Running = 0, 0
	f := pretend(t, "0", run)
	f.size = 500_000
	b := open(t, f.server.URL(), desk)
	b.says("failure-list", "exit status 22")
	for name, l := range map[string]look{
		"desk-light": desk, "desk-dark": desk.in(true), "phone-light": phone, "phone-dark": phone.in(true),
		"small": {width: 320, height: 600}, "tablet": {width: 768, height: 1024}, "wide": {width: 2560, height: 1300},
	} {
		t.Run(name, func(t *testing.T) {
			b := &tab{t, b.ctx}
			b.look(l)
			value[bool](b, `scrollTo(0, 0), document.querySelectorAll("details")[1].open = true`)
			b.until(`[...document.querySelectorAll("canvas")].every(c => c.width === c.clientWidth)`)
			if over := value[int](b, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
				t.Errorf("it is %d pixels too wide", over)
			}
			for _, fault := range value[[]string](b, contrasts) {
				t.Error(fault)
			}
			// What is touched is large enough.
			if small := value[[]string](b, `[...document.querySelectorAll("button, input, select, summary")]
					.filter(e => e.offsetParent && e.getBoundingClientRect().height < 24).map(e => e.id || e.localName)`); len(small) > 0 {
				t.Errorf("too small to be touched: %v", small)
			}
			b.shoot(name)
			value[bool](b, `document.getElementById("workers").scrollIntoView(), true`)
			b.shoot(name + "-workers")
			value[bool](b, `document.getElementById("failures").scrollIntoView(), true`)
			b.shoot(name + "-failures")
		})
	}
}

// contrasts finds texts with less contrast than the guidelines of the W3C (AA) want:
// 4.5, and 3 for large ones.
const contrasts = `(() => {
	const parse = c => c.match(/[\d.]+/g).map(Number);
	const light = c => {
		const [r, g, b] = c.map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const ground = e => {
		for (; e; e = e.parentElement) {
			const c = parse(getComputedStyle(e).backgroundColor);
			if (c.length === 3 || c[3] === 1) return c.slice(0, 3);
		}
		return [255, 255, 255];
	};
	const faults = [];
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walker.nextNode()) {
		const e = walker.currentNode.parentElement;
		if (!walker.currentNode.data.trim() || !e.checkVisibility() || e.closest(":disabled, noscript, .hidden")) continue;
		const style = getComputedStyle(e);
		const [a, b] = [light(parse(style.color).slice(0, 3)), light(ground(e))].sort((x, y) => y - x);
		const ratio = (a + 0.05) / (b + 0.05);
		if (ratio < (parseFloat(style.fontSize) >= 24 ? 3 : 4.5)) faults.push(e.className + " " + walker.currentNode.data.trim() + ": contrast " + ratio.toFixed(2));
	}
	return faults;
})()`

// When there is no word any more the page says so, keeps what it has, and goes on
// when there is.
func TestLost(t *testing.T) {
	f := pretend(t, "0", busy(3))
	b := open(t, f.server.URL(), desk)
	b.says("done", "31,000")
	b.says("state", "running")
	addr := strings.TrimSuffix(strings.TrimPrefix(f.server.URL(), "http://"), "/")
	f.server.Close(nil)
	b.says("why", "No word since")
	b.says("state", "no word")
	b.shoot("lost")
	if b.text("done") != "31,000" || !strings.Contains(b.text("rows"), "node-0003") {
		t.Error("it forgot how it was")
	}
	run := busy(1)
	run.Done, run.Failed, run.Failures = 7, 0, nil
	pretend(t, addr, run) // another run at the same address
	b.says("done", "7")
	b.says("state", "running")
	b.says("no-failures", "No job has failed.")
	if text := b.text("failure-list"); text != "" {
		t.Errorf("failures of the other run are there: %s", text)
	}
}

// A run that comes to its end says so, and why, when that is not the last job.
func TestEnds(t *testing.T) {
	for _, test := range []struct {
		name string
		last func(*live.Run)
		want string
	}{
		{"all done", func(r *live.Run) { r.Done = 50_000 }, "The run is over: 50,000 jobs done, 3 of them failed."},
		{"early", func(*live.Run) {}, "The run has ended early: 31,000 of 50,000 jobs done, 3 of them failed."},
		{"early, with a reason", func(r *live.Run) { r.Why = "stopped by --halt now,fail=3" },
			"The run has ended before its time: stopped by --halt now,fail=3. 31,000 jobs done, 3 of them failed."},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := pretend(t, "0", busy(3))
			b := open(t, f.server.URL(), desk)
			b.says("done", "31,000")
			b.click("#pause") // which the end is stronger than
			last := f.run
			last.State, last.Read, last.Running, last.Slow, last.Ended = live.Over, 50_000, 0, nil, true
			test.last(&last)
			f.server.Close(&last)
			b.until(fmt.Sprintf(`document.getElementById("why").innerText === %q`, test.want))
			b.says("state", "over")
			b.says("said", test.want)
			b.until(`document.title === "over – jobpipe"`)
			if n := value[int](b, `document.querySelectorAll("summary").length`); n != len(last.Failures) {
				t.Errorf("%d failures are there, want %d", n, len(last.Failures))
			}
			b.shoot("over-" + strings.ReplaceAll(test.name, " ", "-"))
		})
	}
}

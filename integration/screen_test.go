package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"
)

// A screen is a real terminal, that of tmux, on which a command runs.
type screen struct {
	*place
	socket string
}

// show runs a line of shell on a screen of that size. When it has ended, "ended"
// and its status are on the screen, and nothing else happens there.
func (p *place) show(width, height int, line string) *screen {
	p.t.Helper()
	require(p.t, "tmux")
	dir, err := os.MkdirTemp("", "scr") // the path of a socket has to be short
	if err != nil {
		p.t.Fatal(err)
	}
	s := &screen{p, filepath.Join(dir, "s")}
	p.t.Cleanup(func() {
		_, _ = s.tmux("kill-server")
		_ = os.RemoveAll(dir)
	})
	p.write("on-screen", line+"\necho ended $?\nexec cat\n")
	if out, err := s.tmux("-f", "/dev/null", "new-session", "-d", "-x", strconv.Itoa(width), "-y", strconv.Itoa(height), "sh", "on-screen"); err != nil {
		p.t.Fatalf("tmux: %v: %s", err, out)
	}
	return s
}

func (s *screen) tmux(args ...string) (string, error) {
	cmd := exec.Command("tmux", append([]string{"-S", s.socket}, args...)...)
	cmd.Dir = s.dir
	cmd.Env = append(s.env[:len(s.env):len(s.env)], "TERM=xterm", "LC_ALL=C.UTF-8")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// lines is what is on the screen, or with history also what has gone past its top,
// without empty lines at the end.
func (s *screen) lines(history bool) []string {
	s.t.Helper()
	args := []string{"capture-pane", "-p"}
	if history {
		args = append(args, "-S", "-")
	}
	out, err := s.tmux(args...)
	if err != nil {
		s.t.Fatalf("tmux: %v: %s", err, out)
	}
	return strings.Split(strings.TrimRight(out, "\n"), "\n")
}

func (s *screen) resize(width, height int) {
	s.t.Helper()
	if out, err := s.tmux("resize-window", "-x", strconv.Itoa(width), "-y", strconv.Itoa(height)); err != nil {
		s.t.Fatalf("tmux: %v: %s", err, out)
	}
}

// until waits for the last line on the screen to match, and returns all of them.
func (s *screen) until(last string) (lines []string) {
	s.t.Helper()
	like := regexp.MustCompile("^" + last + "$")
	for give := time.Now().Add(deadline); time.Now().Before(give); time.Sleep(20 * time.Millisecond) {
		lines = s.lines(false)
		if like.MatchString(lines[len(lines)-1]) {
			return lines
		}
	}
	s.t.Fatalf("waited in vain for %q; on the screen is:\n%s", last, strings.Join(lines, "\n"))
	return nil
}

// progressLike is what the line is like on a screen of that width. The longer it is
// the more it says.
func progressLike(done, total, width int) string {
	line := fmt.Sprintf(`%d/%d`, done, total)
	for _, more := range []struct {
		width int
		text  string
	}{
		{80, ` \[=*>? *\]`}, {45, ` \d+%`}, {80, `, [0-9.,]+/(s|min|h)`}, {30, `, \d\d:\d\d left`},
		{45, `, 1 worker`}, {80, `, 2 running`}, {30, `, 3 failed`},
	} {
		if width >= more.width {
			line += more.text
		}
	}
	return line
}

// TestProgressOnAScreen looks at what progress is on a real terminal: at different
// widths, when the window changes, and with what jobs write to stderr in between.
func TestProgressOnAScreen(t *testing.T) {
	t.Parallel()
	const jobs, held = 100, 40
	for _, test := range []struct {
		name, line string
		results    int // lines of them on the screen
	}{
		{"results elsewhere", "jobpipe -j 2 -- sh job <jobs >results", 0},
		{"results on the same screen", "jobpipe -j 2 -- sh job <jobs", jobs - 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			var list strings.Builder
			for n := range jobs {
				fmt.Fprintln(&list, n+1)
			}
			p.write("jobs", list.String())
			p.write("job", fmt.Sprintf(`read -r n
until test -e begin; do sleep 0.02; done
if test $n -gt %d; then until test -e go; do sleep 0.02; done; else sleep 0.05; fi
echo note $n >&2
case $n in 7|17|27) exit 3 ;; esac
echo $n
`, held))
			s := p.show(80, 24, test.line)
			s.until(`0/100 \[ *\] 0%, 1 worker, 2 running, 0 failed`) // at the top of the screen
			p.write("begin", "")
			s.until(progressLike(held, jobs, 80))
			for _, width := range []int{120, 80, 45, 30, 12, 45, 200, 80} {
				s.resize(width, 24)
				lines := s.until(progressLike(held, jobs, width))
				for i, line := range lines {
					whole := regexp.MustCompile(`^(\d+|note \d+|jobpipe: line \d+ failed: .*)$`).MatchString(line)
					switch {
					case i == len(lines)-1 && runewidth.StringWidth(line) >= width:
						t.Errorf("with %d columns it has %d", width, len(line))
					case i < len(lines)-1 && width >= 80 && !whole: // else lines of others are broken, too
						t.Errorf("with %d columns there is also %q", width, line)
					case i < len(lines)-1 && strings.Contains(line, "/100"):
						t.Errorf("with %d columns something of it is left: %q", width, line)
					}
				}
			}
			p.write("go", "")
			s.until(`ended 1`)
			seen := map[string]int{}
			for _, line := range s.lines(true) {
				seen[line]++
				if strings.Contains(line, "/100") {
					t.Errorf("something is left of the line: %q", line)
				}
			}
			results := 0
			for n := range jobs {
				if seen[fmt.Sprint("note ", n+1)] != 1 {
					t.Errorf("note %d is there %d times", n+1, seen[fmt.Sprint("note ", n+1)])
				}
				results += seen[fmt.Sprint(n+1)]
			}
			if results != test.results || seen["jobpipe: line 7 failed: exit status 3"] != 1 {
				t.Errorf("there are %d results, and of line 7 is said: %d", results, seen["jobpipe: line 7 failed: exit status 3"])
			}
			if last := s.lines(false); !strings.HasPrefix(last[len(last)-2], "jobpipe: ") || len(last[len(last)-2]) > 80 {
				t.Errorf("there is no summary: %q", last)
			}
		})
	}
}

// With stderr in a file nothing is drawn, neither there nor on the screen, unless it
// is asked for; and then there are lines in the file and no orders to a terminal.
func TestProgressWithStderrInAFile(t *testing.T) {
	t.Parallel()
	for flag, want := range map[string]string{"": "", "--progress always": "jobpipe: 2/2 100%"} {
		p := newPlace(t)
		p.write("jobs", "1\n2\n")
		s := p.show(80, 24, "jobpipe -k "+flag+" -j 2 -- sh -c 'echo note >&2; cat' <jobs 2>log")
		s.until("ended 0")
		if got := s.lines(true); strings.Join(got, " ") != "1 2 ended 0" {
			t.Errorf("%s: on the screen is %q", flag, got)
		}
		got, notes, status := p.read("log"), 0, ""
		for line := range strings.Lines(got) {
			switch {
			case line == "note\n":
				notes++
			case strings.HasPrefix(line, "jobpipe: "):
				status = line // the last: on a slow machine there are more
			default:
				t.Errorf("%s: the file has the line %q", flag, line)
			}
		}
		if notes != 2 || !strings.HasPrefix(status, want) || strings.ContainsAny(got, "\x1b\r") || flag == "" && status != "" {
			t.Errorf("%s: the file holds %q", flag, got)
		}
	}
}

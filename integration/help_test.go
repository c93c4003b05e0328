package integration

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestHelpAndManual: what --help lists is in the man page with an example, and
// can be completed in each shell.
func TestHelpAndManual(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	for program, least := range map[string]int{"jobpipe": 10, "jobpipe-worker": 10, "jobpipe-ssh": 6, "jobpipe-slurm": 6} {
		command := program
		if _, err := exec.LookPath(command); err != nil {
			command = top(t) + "/scripts/" + program
		}
		p.finish(p.start("help", command+" --help"), 0)
		help := p.read("help.out")
		texts := map[string]string{}
		for _, file := range []string{
			"man/" + program + ".1",
			"scripts/completions/" + program + ".bash",
			"scripts/completions/_" + program,
			"scripts/completions/" + program + ".fish",
		} {
			data, err := os.ReadFile(top(t) + "/" + file)
			if err != nil {
				t.Fatal(err)
			}
			texts[file] = string(data)
		}
		flags := regexp.MustCompile(`(?m)^ +(?:-., +)?--([a-z][a-z-]+)`).FindAllStringSubmatch(help, -1)
		if len(flags) < least {
			t.Errorf("%s --help lists %d flags:\n%s", program, len(flags), help)
		}
		for _, f := range flags {
			for file, text := range texts {
				if !regexp.MustCompile(`(-|-l )` + f[1] + `\b`).MatchString(text) {
					t.Errorf("%s does not have --%s", file, f[1])
				}
			}
		}
		page := texts["man/"+program+".1"]
		_, body, _ := strings.Cut(page, ".Sh FLAGS")
		body, _, _ = strings.Cut(body, "\n.Sh ")
		for item := range strings.SplitSeq(body, "\n.It ") {
			if name, rest, _ := strings.Cut(item, "\n"); strings.Contains(name, "Fl") && !strings.Contains(rest, ".Dl ") {
				t.Errorf("man/%s.1 has no example of %s", program, name)
			}
		}
	}
}

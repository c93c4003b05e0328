package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCasesHaveTests: each case of RELIABILITY.md stands there once, and names
// tests that exist.
func TestCasesHaveTests(t *testing.T) {
	text, err := os.ReadFile("../../RELIABILITY.md")
	if err != nil {
		t.Fatal(err)
	}
	cases := parse(string(text))
	if len(cases) < 50 {
		t.Fatalf("only %d cases are found", len(cases))
	}
	seen := map[string]bool{}
	for _, c := range cases {
		if seen[c.id] {
			t.Errorf("%s is there twice", c.id)
		}
		seen[c.id] = true
		if len(c.tests) == 0 {
			t.Errorf("%s has no test", c.id)
		}
		for _, test := range c.tests {
			if !exists(test) {
				t.Errorf("%s: there is no %s in %s", c.id, test.name, test.pkg)
			}
		}
	}
}

func exists(t test) bool {
	if script, ok := strings.CutPrefix(t.name, "TestScript/"); ok {
		_, err := os.Stat("../../integration/testdata/script/" + script + ".txt")
		return err == nil
	}
	name, _, _ := strings.Cut(t.name, "/")
	files, _ := filepath.Glob("../../" + t.pkg + "/*_test.go")
	for _, file := range files {
		text, _ := os.ReadFile(file)
		for _, head := range []string{"(t *testing.T", "(f *testing.F"} { // the latter is one of its seeds
			if strings.Contains(string(text), "\nfunc "+name+head) {
				return true
			}
		}
	}
	return false
}

func TestParse(t *testing.T) {
	const text = `
| case | fault | what jobpipe does | tests |
|---|---|---|---|
| B1 | killed | goes on | ` + "`a-b.txt`, `TestX/y_z`" + ` |
| C12 | bit | closes | ` + "`engine/split TestZ`" + ` |
| I | no case | | |
`
	cases := parse(text)
	if len(cases) != 2 || cases[0].id != "B1" || cases[1].fault != "bit" {
		t.Fatalf("%+v", cases)
	}
	a, b := test{"integration", "TestScript/a-b"}, test{"integration", "TestX/y_z"}
	if got := cases[0].tests; len(got) != 2 || got[0] != a || got[1] != b {
		t.Errorf("%+v", got)
	}
	if got := patternsOf(cases); got["engine/split"][0] != "^TestZ$" || got["integration"][0] != "^TestScript$/^a-b$" {
		t.Errorf("%q", got)
	}
	if len(choose(cases, []string{"C"})) != 1 || len(choose(cases, []string{"B1", "C12"})) != 2 || len(choose(cases, []string{"B"})) != 1 {
		t.Error("the wrong cases are chosen")
	}
	for want, came := range map[string]map[test]string{
		"pass": {a: "pass", b: "pass"}, "skip": {a: "skip", b: "pass"}, "fail": {a: "pass", b: "fail"}, "none": {a: "pass"},
	} {
		if got := cases[0].verdict(came); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestNote(t *testing.T) {
	came := map[test]string{}
	note(strings.NewReader(`{"Action":"run","Test":"TestA"}
{"Action":"pass","Test":"TestA"}
{"Action":"skip","Test":"TestB/c"}
{"Action":"fail"}
`), "p", came)
	if len(came) != 3 || came[test{"p", "TestA"}] != "pass" || came[test{"p", "TestB/c"}] != "skip" || came[test{"p", ""}] != "fail" {
		t.Errorf("%v", came)
	}
}

package main

import "strings"

// A contest is one comparison: the same input for jobpipe and for a peer.
type contest struct {
	input   *input
	jobpipe side
	peer    side
	goal    float64 // the ratio to reach; 0 for none
}

// A side is a command and what it prints when it works.
type side struct {
	argv  []string
	print output
}

func (s side) String() string { return strings.Join(s.argv, " ") }

// words makes a side of a command line without quotes.
func words(print output, command string) side {
	return side{strings.Fields(command), print}
}

// output is what a command prints of its input.
type output int

const (
	sameBytes output = iota // the input
	sameLines               // its lines, in any order
	nothing                 // xargs cannot put a job on stdin: cat finds it empty
)

// contests lists the comparisons: few jobs with a process each, many in line mode.
func contests(few, many *input) []contest {
	onStdin := words(sameLines, "jobpipe -j2 -- cat")
	asArgument := words(sameLines, "jobpipe -j2 -- echo {}")
	anyOrder := words(sameLines, "jobpipe -j2 --lines -- cat")
	inOrder := words(sameBytes, "jobpipe -j2 -k --lines -- cat")
	return []contest{
		{few, onStdin, words(nothing, "xargs -P2 -I{} cat"), 0.95},
		{few, onStdin, words(sameLines, "parallel -j2 --pipe -N1 cat"), 0},
		{few, asArgument, words(sameLines, "xargs -P2 -I{} echo {}"), 0},
		{few, asArgument, words(sameLines, "parallel -j2 echo {}"), 0},
		{few, asArgument, side{[]string{"rush", "-j2", "echo {}"}, sameLines}, 0},
		{many, anyOrder, words(sameLines, "parallel -j2 --pipe --block 10M cat"), 0},
		{many, inOrder, words(sameBytes, "parallel -j2 -k --pipe --block 10M cat"), 0},
	}
}

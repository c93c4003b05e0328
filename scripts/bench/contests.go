package main

import "path/filepath"

// sizes says how many jobs there are in the runs.
type sizes struct{ jobs, lines, queued, large, words, trips int }

// contests lists the comparisons. A peer that is far slower gets fewer jobs:
// what is compared is jobs a second.
func contests(dir string, n sizes) []contest {
	few := numbers(filepath.Join(dir, "few"), n.jobs)
	fewer := numbers(filepath.Join(dir, "fewer"), max(1, n.jobs/4))
	many := numbers(filepath.Join(dir, "many"), n.lines)
	queued := numbers(filepath.Join(dir, "queued"), n.queued)
	slowly := numbers(filepath.Join(dir, "slowly"), max(1, n.queued/10))
	large := mebibytes(filepath.Join(dir, "large"), n.large)
	text := dictionary(filepath.Join(dir, "text"), n.words)

	const (
		each    = "a process each"
		lines   = "lines"
		ordered = "lines, in order"
		tcp     = "lines, TCP"
		keptTCP = "lines, TCP, in order"
		broker  = "lines, TCP, broker"
	)
	here := func(in *input, prints output, command string) side { return &flow{words(command), in, prints} }
	overTCP := func(in *input, prints output, flags string) side {
		return &flow{newRemote(flags, "--lines -- cat"), in, prints}
	}
	overLink := func(in *input, flags string) side {
		return &flow{newLink(flags, "--lines -- cat"), in, sameLines}
	}
	echo := here(few, sameLines, "jobpipe -j2 -- echo {}")
	cat := here(few, sameLines, "jobpipe -j2 -- cat")
	anyOrder := here(many, sameLines, "jobpipe -j2 --lines -- cat")
	inOrder := here(many, sameBytes, "jobpipe -j2 -k --lines -- cat")
	blocks := here(many, sameLines, "parallel -j2 --pipe --block 10M cat")
	blocksInOrder := here(many, sameBytes, "parallel -j2 -k --pipe --block 10M cat")
	remote := overTCP(many, sameLines, "--insecure")
	largeTCP := overTCP(large, sameLines, "--insecure")

	return []contest{
		{each, cat, here(few, nothing, "xargs -P2 -I{} cat"), jobsPerSecond, 0.95},
		{each, echo, here(few, sameLines, "xargs -P2 -I{} echo {}"), jobsPerSecond, 0.95},
		{each, echo, here(few, sameLines, "parallel -j2 echo {}"), jobsPerSecond, 6},
		{each, cat, here(fewer, sameLines, "parallel -j2 --pipe -N1 cat"), jobsPerSecond, 6},
		{each, echo, &flow{command{"rush", "-j2", "echo {}"}, few, sameLines}, jobsPerSecond, 2},
		{each + ", TCP", &flow{newRemote("--insecure", "-- cat"), few, sameLines}, &flow{newGearman(), few, sameLines}, jobsPerSecond, 1},

		{lines, anyOrder, blocks, jobsPerSecond, 1.8},
		{ordered, inOrder, blocksInOrder, jobsPerSecond, 1.8},
		{lines + ", watched", &flow{watched{words("jobpipe -j2 --lines -- cat")}, many, sameLines}, anyOrder, jobsPerSecond, 0.98},
		{tcp, remote, blocks, jobsPerSecond, 1.8},
		{keptTCP, overTCP(many, sameBytes, "--insecure -k"), blocksInOrder, jobsPerSecond, 1.8},
		{tcp + ", key", overTCP(many, sameLines, "--key-file KEY"), remote, jobsPerSecond, 0},

		{broker, remote, &flow{newGearman(), few, sameLines}, jobsPerSecond, 1},
		{broker, remote, &flow{newRedis(), queued, sameLines}, jobsPerSecond, 1},
		{broker, remote, &flow{newBeanstalkd(), slowly, sameLines}, jobsPerSecond, 1},
		{broker, remote, &flow{newNATS(), queued, sameLines}, jobsPerSecond, 1},

		{"1 MiB each, TCP", largeTCP, newIperf(n.large), mebibytesPerSecond, 0.5},
		{"1 MiB each, TCP", largeTCP, &flow{relay{}, large, sameBytes}, mebibytesPerSecond, 0},
		{"words, 100 Mbit/s", overLink(text, "--insecure"), overLink(text, "--insecure --compress none"), jobsPerSecond, 3},
		{"one job alone, TCP", &roundTrip{newRemote("--insecure", "--lines -- cat"), n.trips}, bound{1 / 150e-6}, microseconds, 1},
	}
}

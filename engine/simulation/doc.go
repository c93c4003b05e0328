// Package simulation plays hostile schedules to the coordinator's pure core:
// the real scheduler and the real order stage, with everything around them
// made up and in virtual time. It has no code but tests.
//
// One seed is one run. The seed decides the configuration, the jobs and what
// they do to whoever runs them, the workers and how they misbehave, how long
// messages take, when stdout blocks. A model keeps account of every job beside
// the scheduler and is asked after every step whether what was done is right.
//
//	go test ./engine/simulation -seeds=10000   # so many runs
//	go test ./engine/simulation -seed=42 -v    # one run, told step by step
//
// Nothing here may depend on the order of a map or on the clock: a seed that
// fails must fail again.
package simulation

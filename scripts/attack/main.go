// Command attack shows what strangers and bad workers cost a run: it plays one
// attack after another beside a run of decent workers, and prints a table of how
// much of its rate the run kept, and what the coordinator spent on it.
//
//	go run ./scripts/attack [-only REGEXP] [-rounds N]
//
// The binaries have to be in bin/. Each run is watched in turns without and with
// the attack, so that other load on the machine falls on both. The attackers are
// processes of the lowest priority: they stand for other machines, whose time is
// not ours. At the end of each run every job has to have one result.
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"time"
)

func main() {
	bin := flag.String("bin", "bin", "where the binaries are")
	only := flag.String("only", "", "play only attacks whose name matches")
	rounds := flag.Int("rounds", 3, "how often each attack begins and ends")
	turn := flag.Duration("turn", 1500*time.Millisecond, "how long each of the turns is")
	role := flag.String("role", "", "be the attacker of this name, or a job")
	addr := flag.String("addr", "", "whom to attack")
	local := flag.String("local", "", "its Unix socket")
	keyFile := flag.String("key-file", "", "a key, for the attacks that need one")
	flag.Parse()

	var err error
	switch *role {
	case "":
		err = table(*bin, regexp.MustCompile(*only), *rounds, *turn)
	case "job":
		err = work()
	default:
		err = play(*role, *addr, *local, *keyFile)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "attack:", err)
		os.Exit(1)
	}
}

// table plays the attacks and prints a line about each.
func table(bin string, only *regexp.Regexp, rounds int, turn time.Duration) error {
	fmt.Println("| attack | rate kept | memory | CPU | of attackers | log lines | a worker joins in |")
	fmt.Println("|---|--:|--:|--:|--:|--:|--:|")
	worst := 1.0
	for i := range attacks {
		a := &attacks[i]
		if !only.MatchString(a.name) {
			continue
		}
		c, err := measure(bin, a, rounds, turn)
		if err != nil {
			return fmt.Errorf("%s: %w", a.name, err)
		}
		worst = min(worst, c.kept)
		fmt.Printf("| %s | %.2f | %+.1f MiB | %+.0f %% | %.0f %% | %d | %v |\n",
			a.name, c.kept, float64(c.memory)/(1<<20), 100*c.cpu, 100*c.spent, c.lines, c.join.Round(time.Millisecond))
	}
	fmt.Printf("\nThe least that a run kept of its rate is %.2f; no job was lost, and none has two results.\n", worst)
	return nil
}

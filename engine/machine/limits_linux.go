package machine

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// load is the mean of the last minute.
func load() (float64, error) {
	const path = "/proc/loadavg"
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, fmt.Errorf("the load is not known: %w", err)
	}
	n, ok := parseLoad(string(text))
	if !ok {
		return 0, fmt.Errorf("the load is not known: %s says %.100q", path, text)
	}
	return n, nil
}

func parseLoad(text string) (float64, bool) {
	first, _, _ := strings.Cut(text, " ")
	n, err := strconv.ParseFloat(first, 64)
	return n, err == nil
}

func readMemory() (memory, error) {
	const path = "/proc/meminfo"
	text, err := os.ReadFile(path)
	if err != nil {
		return memory{}, fmt.Errorf("the free memory is not known: %w", err)
	}
	m, ok := parseMemory(string(text))
	if !ok {
		return m, fmt.Errorf("the free memory is not known: %s does not say MemTotal and MemAvailable", path)
	}
	return m, nil
}

func parseMemory(text string) (m memory, ok bool) {
	hasTotal, hasAvailable := false, false
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) != 3 || f[2] != "kB" {
			continue
		}
		n, err := strconv.ParseInt(f[1], 10, 53)
		if err != nil {
			continue
		}
		switch f[0] {
		case "MemTotal:":
			m.total, hasTotal = n<<10, true
		case "MemAvailable:":
			m.available, hasAvailable = n<<10, true
		}
	}
	return m, hasTotal && hasAvailable
}

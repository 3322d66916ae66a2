package bench

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// columns are the stacks, in the order in which they are printed.
var columns = []string{"Handsel", "engine", "crypto/tls", "OpenSSL"}

// A row is one thing that was measured.
type row struct {
	what   string
	cells  map[string]string  // by column
	ratios map[string]float64 // of Handsel to the column
	note   string
}

// table is what is printed.
type table struct {
	rows  []row
	notes []string
}

func (t *table) add(r row) { t.rows = append(t.rows, r) }

func (t *table) String() string {
	var s strings.Builder
	line := func(what string, cells []string, note string) {
		fmt.Fprintf(&s, "%-42s", what)
		for _, c := range cells {
			fmt.Fprintf(&s, " %11s", c)
		}
		s.WriteString(strings.TrimRight("  "+note, " ") + "\n")
	}
	line("", append(columns[:len(columns):len(columns)], "÷crypto/tls", "÷OpenSSL"), "")
	for _, r := range t.rows {
		var cells []string
		for _, c := range columns {
			cells = append(cells, r.cells[c])
		}
		for _, c := range []string{"crypto/tls", "OpenSSL"} {
			if r.ratios[c] == 0 {
				cells = append(cells, "")
			} else {
				cells = append(cells, fmt.Sprintf("%.2f", r.ratios[c]))
			}
		}
		line(r.what, cells, r.note)
	}
	for _, n := range t.notes {
		s.WriteString(n + "\n")
	}
	return s.String()
}

// versions are those of the stacks that come from outside.
var versions []func() string

// machine says what the figures hold for. There is no date in it, so that the
// file changes only with the figures.
func machine() string {
	parts := []string{processor(), fmt.Sprintf("%d CPUs", runtime.NumCPU()), runtime.GOOS + "/" + runtime.GOARCH, runtime.Version()}
	for _, v := range versions {
		parts = append(parts, v())
	}
	return strings.Join(parts, ", ")
}

func processor() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	for line := range strings.Lines(string(info)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}

// reach says whether a figure is where it should be.
func reach(figure, limit float64, text string) string {
	return "reach " + text + ": " + verdict(figure, limit)
}

func verdict(figure, limit float64) string {
	if figure <= limit {
		return "met"
	}
	return "missed"
}

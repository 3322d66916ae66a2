package main

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// A row is what became of the tests of a category.
type row struct {
	tests, pass, disabled int
}

func (r *row) add(o row) {
	r.tests, r.pass, r.disabled = r.tests+o.tests, r.pass+o.pass, r.disabled+o.disabled
}

// A tally is the count of all tests.
type tally struct {
	rows  []row    // as categories
	fails []string // tests that do not pass, for which there is no reason
	stale []string // patterns of which every test passes
}

func count(tests map[string]string, patterns []string) *tally {
	t := &tally{rows: make([]row, len(categories))}
	used := make(map[string]bool)
	for name, result := range tests {
		r := &t.rows[slices.IndexFunc(categories, func(c category) bool { return matches(name, c.patterns) != "" })]
		r.tests++
		reason := matches(name, patterns)
		switch {
		case result == "PASS":
			r.pass++
		case reason != "":
			r.disabled++
			used[reason] = true
		default:
			t.fails = append(t.fails, name)
		}
	}
	for _, p := range patterns {
		if !used[p] && !slices.Contains(elsewhere, p) {
			t.stale = append(t.stale, p)
		}
	}
	slices.Sort(t.fails)
	return t
}

// matches gives the first of the patterns that fits the name, "" if none does.
func matches(name string, patterns []string) string {
	for _, p := range patterns {
		if ok, err := path.Match(p, name); ok && err == nil {
			return p
		}
	}
	return ""
}

func (t *tally) text() string {
	var b strings.Builder
	line := func(name string, r row) {
		fmt.Fprintf(&b, "%-46s %6d %6d %9d %6d\n", name, r.tests, r.pass, r.disabled, r.tests-r.pass-r.disabled)
	}
	fmt.Fprintf(&b, "BoringSSL's runner at a0689af (August 2026), over TCP, strict: without -loose-errors, without an error map.\n")
	fmt.Fprintf(&b, "Written by go run ./cmd/bogoshim/tally. The reasons of what is disabled are in config.json.\n")
	for _, own := range []bool{false, true} {
		title := "What standards say"
		if own {
			title = "Drafts, and what is BoringSSL's own"
		}
		fmt.Fprintf(&b, "\n%-46s %6s %6s %9s %6s\n", title, "tests", "pass", "disabled", "fail")
		var sum row
		for i, c := range categories {
			if c.own == own {
				line("  "+c.name, t.rows[i])
				sum.add(t.rows[i])
			}
		}
		line("  together", sum)
	}
	return b.String()
}

// check is an error if a test fails without a reason, or a reason is not needed.
func (t *tally) check() error {
	if len(t.fails) == 0 && len(t.stale) == 0 {
		return nil
	}
	return fmt.Errorf("%d tests fail that config.json does not name: %s; %d patterns of it match none that fails: %s",
		len(t.fails), strings.Join(t.fails, " "), len(t.stale), strings.Join(t.stale, " "))
}

package sslv2

import (
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
)

// The kinds are those of which policy knows, each has a name, and those that
// policy warns of are off unless they are named.
func TestKinds(t *testing.T) {
	var all []iana.Suite
	for _, c := range kinds {
		id := c.kind.Suite()
		all = append(all, id)
		if KindOf(id) != c.kind || !slices.Contains(iana.Suites(), id) {
			t.Errorf("%06x is %v", uint32(c.kind), id)
		}
		if c.weak != (policy.Used{Suite: id}.Weak() != nil) {
			t.Errorf("%v: weak is %v, and policy says %q", id, c.weak, policy.Used{Suite: id}.Weak())
		}
		if has(allowed(policy.Museum().Suites), id) == c.weak {
			t.Errorf("%v is weak: %v, and allowed all the same, or not allowed", id, c.weak)
		}
		if got := allowed([]iana.Suite{id}); len(got) != 1 || got[0].kind != c.kind {
			t.Errorf("%v was named, and there is %v", id, got)
		}
	}
	if !slices.Equal(all, policy.SSL2Suites()) {
		t.Errorf("%v", all)
	}
}

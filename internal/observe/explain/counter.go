package explain

import (
	"cmp"
	"slices"
	"strings"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// A Change is the smallest set of steps that makes a handshake succeed which
// failed: the choices were made again with it.
type Change struct {
	Steps  []Step   `json:"steps"`
	Result string   `json:"result"`         // what the two would agree on
	Weak   []string `json:"weak,omitempty"` // what of that is known to be weak
}

// String says what the whole change is.
func (c *Change) String() string {
	var parts []string
	for i := range c.Steps {
		parts = append(parts, c.Steps[i].String())
	}
	return strings.Join(parts, ", and ")
}

// reference is a server as there are many today.
var reference = &negotiate.Server{Policy: policy.Compatible(), Keys: []trace.Key{ecdsaKey, rsaKey}}

// A trial is the two sides with some steps taken.
type trial struct {
	offer  negotiate.Offer
	server negotiate.Server
	policy policy.Policy // the server's, once a step has changed it
}

// Limits of the search: a stranger's ClientHello must not keep this side busy.
const (
	mostSteps   = 3
	mostAlike   = 2    // candidates of a side and kind that are followed when one step does not do
	mostTries   = 1500 // of about a microsecond
	mostChanges = 4
)

// changes searches for the smallest changes that make the handshake succeed, as
// far as that is a matter of what the two sides have in common.
func (v *view) changes() []Change {
	set := v.Settings[trace.Server-1]
	if set == nil || !v.offered {
		return nil
	}
	t := &trial{offer: v.offer, server: negotiate.Server{Policy: policyOf(set), Protocols: set.Protocols, Keys: set.Keys}}
	if _, err := negotiate.Try(&t.offer, &t.server); err == nil {
		return nil // it is not a matter of that
	}
	tries := mostTries
	for size := 1; size <= mostSteps; size++ {
		if found := t.search(nil, size, &tries); len(found) > 0 {
			return best(found)
		}
	}
	return nil
}

func policyOf(s *trace.Settings) *policy.Policy {
	return &policy.Policy{Name: s.Policy, Versions: s.Versions, Suites: s.Suites, Groups: s.Groups, Schemes: s.Schemes, SignOnly: s.SignOnly}
}

// search takes steps that bear on what is in the way, up to a number of them, as
// long as there are tries.
func (t *trial) search(taken []Step, left int, tries *int) (found []success) {
	_, err := negotiate.Try(&t.offer, &t.server)
	code, _ := fault.Of(err)
	var further, same []branch // what is in the way after a step: something else, or still the same
	next := new(trial)         // again and again, until one is kept
	for _, s := range t.candidates(code) {
		if *tries--; *tries < 0 {
			return found
		}
		t.with(&s, next)
		out, err := negotiate.Try(&next.offer, &next.server)
		if err == nil {
			found = append(found, newSuccess(plus(taken, s), out))
			continue
		}
		if left == 1 {
			continue
		}
		if after, _ := fault.Of(err); after != code {
			further = append(further, branch{plus(taken, s), next})
		} else {
			same = append(same, branch{plus(taken, s), next})
		}
		next = new(trial)
	}
	if left == 1 || len(found) > 0 {
		return found
	}
	for _, b := range append(few(further), few(same)...) {
		found = append(found, b.trial.search(b.steps, left-1, tries)...)
	}
	return found
}

// A branch is a trial after some steps that does not succeed yet.
type branch struct {
	steps []Step
	trial *trial
}

// few gives the first branches of each side and kind.
func few(list []branch) (out []branch) {
	seen := map[string]int{}
	for _, b := range list {
		last := &b.steps[len(b.steps)-1]
		if seen[last.For+last.Kind]++; seen[last.For+last.Kind] <= mostAlike {
			out = append(out, b)
		}
	}
	return out
}

// A success is a trial that has come to an agreement.
type success struct {
	steps []Step
	out   negotiate.Outcome
	weak  []string // what of it is known to be weak
}

func newSuccess(steps []Step, out negotiate.Outcome) success {
	used := policy.Used{Version: out.Version, Suite: out.Suite, Scheme: out.Scheme}
	return success{steps, out, used.Weak()}
}

// change says what was found.
func (s *success) change() Change {
	parts := []string{s.out.Version.String(), s.out.Suite.String()}
	if s.out.Group != 0 {
		parts = append(parts, s.out.Group.String())
	}
	if s.out.Protocol != "" {
		parts = append(parts, s.out.Protocol)
	}
	return Change{Steps: s.steps, Result: strings.Join(parts, ", "), Weak: s.weak}
}

// best gives the changes that lead to the strongest outcomes, one for each side
// and kind.
func best(found []success) (list []Change) {
	slices.SortStableFunc(found, func(a, b success) int { return cmp.Compare(len(a.weak), len(b.weak)) })
	seen := map[string]bool{}
	for i := range found {
		key := ""
		for _, s := range found[i].steps {
			key += s.For + s.Kind
		}
		if !seen[key] && len(list) < mostChanges {
			seen[key] = true
			list = append(list, found[i].change())
		}
	}
	return list
}

// keyRulesOut reports whether another certificate would have done: the suites are
// there, and the key of the certificate does not go with them.
func (v *view) keyRulesOut() bool {
	set := v.Settings[trace.Server-1]
	if set == nil || set.Keys == nil || !v.offered {
		return false
	}
	t := trial{offer: v.offer, server: negotiate.Server{Policy: policyOf(set), Protocols: set.Protocols, Keys: []trace.Key{rsaKey, ecdsaKey}}}
	_, err := negotiate.Try(&t.offer, &t.server)
	return err == nil
}

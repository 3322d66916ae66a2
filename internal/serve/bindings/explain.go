package bindings

import (
	"fmt"
	"net/netip"
	"strings"
)

// An Outcome says what came of one rule.
type Outcome uint8

// The outcomes of a rule.
const (
	OutcomeSkipped  Outcome = iota // the rule could not apply to this connection
	OutcomeMissing                 // there is no such record
	OutcomeChosen                  // the record serves the connection
	OutcomeShadowed                // the record fits, but an earlier rule had chosen
)

// String gives the outcome in one word.
func (o Outcome) String() string {
	switch o {
	case OutcomeSkipped:
		return "skipped"
	case OutcomeMissing:
		return "missing"
	case OutcomeChosen:
		return "chosen"
	case OutcomeShadowed:
		return "shadowed"
	}
	return fmt.Sprintf("outcome(%d)", uint8(o))
}

// A Step is one rule of a lookup and what it found.
type Step struct {
	Rule    Rule
	Tried   string // the key that was looked for, "" if the rule was skipped
	Outcome Outcome
	Binding *Binding // nil unless chosen or shadowed
	Note    string   // why the rule was skipped, or what else is to be known
}

// A Path is a lookup step by step. Unlike the lookup it goes on after the first
// record, to find those which that record shadows.
type Path struct {
	Local  netip.AddrPort
	SNI    string // as the client sent it
	Steps  []Step // all six rules, in order
	Result Result // the same as Lookup's
}

// Shadowed gives the records that fit the connection and were not reached, in
// the order in which they would have been.
func (p *Path) Shadowed() []*Binding {
	var list []*Binding
	for _, s := range p.Steps {
		if s.Outcome == OutcomeShadowed {
			list = append(list, s.Binding)
		}
	}
	return list
}

// Explain tells how Lookup comes to its result.
func (t *Table) Explain(local netip.AddrPort, sni string) Path {
	path := Path{Local: local, SNI: sni}
	q := newQuery(local, sni)
	var records *port
	if t == nil {
		t = &Table{}
	}
	if records = t.ports[portKey(q.port)]; records == nil {
		records = &port{}
	}
	for _, rule := range order {
		step := Step{Rule: rule}
		step.Tried, step.Note = tried(rule, &q)
		b, central := t.find(rule, records, &q)
		switch {
		case b == nil && step.Tried == "":
			step.Outcome = OutcomeSkipped
		case b == nil:
			step.Outcome = OutcomeMissing
			if rule == RuleCentral && records.central != nil {
				step.Note = t.centralNote(&q)
			}
		case path.Result.Binding == nil:
			step.Outcome, step.Binding = OutcomeChosen, b
			path.Result = Result{Binding: b, Rule: rule, central: central}
		default:
			step.Outcome, step.Binding = OutcomeShadowed, b
		}
		path.Steps = append(path.Steps, step)
	}
	if path.Result.Binding == nil {
		path.Result = t.noMatch()
	}
	return path
}

// tried gives the key a rule looks for, or why it looks for none.
func tried(rule Rule, q *query) (key, note string) {
	named := rule == RuleName || rule == RuleWildcardName || rule == RuleCentral
	if named && q.name == "" {
		return "", "the client sent no SNI"
	}
	switch rule {
	case RuleAddress:
		return netip.AddrPortFrom(q.addr, q.port).String(), ""
	case RuleName:
		if _, err := netip.ParseAddr(q.name); err == nil {
			note = "SNI holds an IP address, which RFC 6066, section 3, does not allow"
		}
		return fmt.Sprintf("%s:%d", printable(q.name), q.port), note
	case RuleWildcardName:
		if parent := parentOf(q.name); parent != "" {
			return fmt.Sprintf("*.%s:%d", printable(parent), q.port), "a rule of this project"
		}
		return "", "the name has one label"
	case RuleCentral:
		return fmt.Sprintf("ccs=%d", q.port), ""
	case RuleAnyIPv6:
		if !q.addr.Is6() {
			return "", "the connection came over IPv4"
		}
		return fmt.Sprintf("[::]:%d", q.port), ""
	}
	return fmt.Sprintf("0.0.0.0:%d", q.port), ""
}

// centralNote says why a central store that is bound gave nothing.
func (t *Table) centralNote(q *query) string {
	if t.opts.Source == nil {
		return "there is a record, but no central store is set up"
	}
	if err := checkHost(q.name, q.name, KindName); err != nil {
		return "there is a record, but the store is not asked: " + err.Error()
	}
	note := "there is a record, but the store has nothing under " + q.name
	if wildcard := centralWildcard(q.name); wildcard != "" {
		note += " or " + wildcard
	}
	return note
}

// printable makes a name from the network fit for a terminal.
func printable(name string) string {
	for i := range len(name) {
		if name[i] <= ' ' || name[i] >= 0x7f {
			return fmt.Sprintf("%q", name)
		}
	}
	return name
}

// String prints the connection, a line for each rule, and the result.
func (p Path) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "connection to %s, ", p.Local)
	if p.SNI == "" {
		b.WriteString("no SNI\n")
	} else {
		fmt.Fprintf(&b, "SNI %q\n", p.SNI)
	}
	width := 0
	for _, s := range p.Steps {
		width = max(width, len(s.Tried))
	}
	for i, s := range p.Steps {
		line := fmt.Sprintf("  %d  %-16s  %-*s  %-8s", i+1, s.Rule, width, s.Tried, s.Outcome)
		if s.Binding != nil && s.Binding.Settings.Site != "" {
			line += "  site " + s.Binding.Settings.Site
		}
		if s.Note != "" {
			line += "  (" + s.Note + ")"
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	b.WriteString("  => " + p.conclusion() + "\n")
	return b.String()
}

func (p *Path) conclusion() string {
	r := p.Result
	if r.Binding == nil {
		if r.NoMatch == NoMatchUnrecognizedName {
			return "no record: the alert unrecognized_name is sent"
		}
		return "no record: the connection is reset"
	}
	text := r.Binding.String() + " by " + r.Rule.String()
	if r.Binding.Settings.Reject {
		text += ", which rejects the connection"
	}
	if hidden := p.Shadowed(); len(hidden) > 0 {
		keys := make([]string, len(hidden))
		for i, h := range hidden {
			keys[i] = h.Key.String()
		}
		text += "; it shadows " + strings.Join(keys, ", ")
	}
	return text
}

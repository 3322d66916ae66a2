package bindings

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
)

// A Rule is a step of the lookup.
type Rule uint8

// The rules, in the order in which they are tried.
const (
	RuleNone Rule = iota // no rule found a record
	RuleAddress
	RuleName
	RuleWildcardName // this project's rule, not in Microsoft's order
	RuleCentral
	RuleAnyIPv6
	RuleAnyIPv4
	RuleDefault // nothing matched, and NoMatch is NoMatchDefault
)

// order is the lookup. Microsoft publishes it for HTTP.SYS as exact address,
// SNI, central store, IPv6 wildcard, IP wildcard; the wildcard name is ours.
var order = [...]Rule{RuleAddress, RuleName, RuleWildcardName, RuleCentral, RuleAnyIPv6, RuleAnyIPv4}

// String gives the rule in a few words.
func (r Rule) String() string {
	switch r {
	case RuleNone:
		return "no record"
	case RuleAddress:
		return "exact address"
	case RuleName:
		return "exact name"
	case RuleWildcardName:
		return "wildcard name"
	case RuleCentral:
		return "central store"
	case RuleAnyIPv6:
		return "any IPv6"
	case RuleAnyIPv4:
		return "any IPv4 or IPv6"
	case RuleDefault:
		return "default record"
	}
	return fmt.Sprintf("rule(%d)", uint8(r))
}

// NoMatch says what becomes of a connection that no record is found for.
type NoMatch uint8

// The values of NoMatch.
const (
	NoMatchReset            NoMatch = iota // the TCP connection is reset without an alert, as HTTP.SYS does
	NoMatchUnrecognizedName                // the alert unrecognized_name is sent. RFC 6066, section 3
	NoMatchDefault                         // the record Options.Default is used
)

var noMatchNames = [...]string{"reset", "unrecognized_name", "default"}

// String gives "reset", "unrecognized_name" or "default".
func (n NoMatch) String() string {
	if int(n) < len(noMatchNames) {
		return noMatchNames[n]
	}
	return fmt.Sprintf("nomatch(%d)", uint8(n))
}

// MarshalText writes the value as String does.
func (n NoMatch) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalText reads "reset" or nothing, "unrecognized_name" or "default".
func (n *NoMatch) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*n = NoMatchReset
		return nil
	}
	i := slices.Index(noMatchNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("no_match %q: write reset, unrecognized_name or default", text)
	}
	*n = NoMatch(i)
	return nil
}

// A Source finds certificates by name, as IIS's Central Certificate Store does
// with a shared folder. It is asked twice: for the host name, and if it has
// nothing, for the name with "_" in place of the first label, which stands for
// the wildcard. It is called during a handshake and by several goroutines, and
// never with anything but a host name, so that a name cannot leave the folder.
type Source interface {
	// Certificates gives what certificates are filed under a name in lower case, for
	// a record of KindCentral, the most wanted first, nil if there are none.
	Certificates(record *Binding, name string) []string
}

// Options are what a Table has beside its bindings.
type Options struct {
	NoMatch NoMatch
	Default Key    // the record of NoMatchDefault
	Source  Source // for records of KindCentral; nil if there is none
}

// A Table is a snapshot of bindings. It never changes and may be used by many
// goroutines. A nil Table has no bindings.
type Table struct {
	ports map[portKey]*port
	all   []*Binding // sorted by key
	rare  tally
	opts  Options
	final *Binding // of NoMatchDefault
}

// A tally counts the bindings that are seldom, so that nobody looks for them among
// all.
type tally struct{ demanding, ssl2 int }

// count adds a binding by 1, and takes it away by -1.
func (t *tally) count(b *Binding, by int) {
	if b.Settings.ClientAuth != ClientAuthNone || b.Settings.OnlyPSK() {
		t.demanding += by
	}
	if b.Settings.SSL2 {
		t.ssl2 += by
	}
}

// Demanding reports whether a binding asks clients who they are.
func (t *Table) Demanding() bool { return t != nil && t.rare.demanding > 0 }

// SSL2 reports whether a binding speaks SSL 2.0.
func (t *Table) SSL2() bool { return t != nil && t.rare.ssl2 > 0 }

// portKey is the number of a TCP port. Maps of Go have a quicker way for 32 bits than
// for 16.
type portKey uint32

// port has the bindings of one TCP port.
type port struct {
	addrs     map[netip.Addr]*Binding
	names     index
	wildcards index // by what follows "*."
	central   *Binding
	any6      *Binding
	any4      *Binding
}

// A Result is what a lookup found.
type Result struct {
	// Binding is the record, nil if there is none.
	Binding *Binding
	// Rule is the rule that found it.
	Rule Rule
	// NoMatch is what to do if there is no record; otherwise it means nothing.
	NoMatch NoMatch

	central []string // what the Source gave
}

// Certificates gives certificates, the most wanted first: what the Source gave
// if RuleCentral fired, otherwise what the record names.
func (r Result) Certificates() []string {
	if r.Rule == RuleCentral {
		return r.central
	}
	if r.Binding == nil {
		return nil
	}
	return r.Binding.Settings.Certificates
}

// NewTable makes a table. It refuses two bindings of one key and settings that
// leave nothing to negotiate; what is only unwise is Check's business.
func NewTable(list []Binding, opts Options) (*Table, error) {
	t := &Table{ports: make(map[portKey]*port), opts: opts}
	for i := range list {
		b := list[i] // the caller's slice may change later
		if err := b.check(); err != nil {
			return nil, err
		}
		if other := t.add(&b); other != nil {
			return nil, fmt.Errorf("binding %s is there twice, for %s and for %s: "+
				"one key has one record; remove one, or tell them apart by host name",
				b.Key, siteOf(other), siteOf(&b))
		}
	}
	slices.SortFunc(t.all, func(a, b *Binding) int { return a.Key.Compare(b.Key) })
	return t, t.finish()
}

// finish finds the binding of NoMatchDefault.
func (t *Table) finish() error {
	if t.opts.NoMatch != NoMatchDefault {
		return nil
	}
	if t.final = t.Get(t.opts.Default); t.final == nil {
		return fmt.Errorf("no_match is default, but there is no binding %s to be the default", t.opts.Default)
	}
	return nil
}

// check refuses a binding that cannot be in a table.
func (b *Binding) check() error {
	if b.Key.Kind() == 0 {
		return errors.New("there is a binding without a key")
	}
	if _, err := b.Settings.EffectivePolicy(); err != nil {
		return fmt.Errorf("binding %s: %w", b.Key, err)
	}
	return nil
}

func siteOf(b *Binding) string {
	if b.Settings.Site == "" {
		return "no site"
	}
	return fmt.Sprintf("site %q", b.Settings.Site)
}

// add files a binding. It gives the binding that is there already, if one is.
func (t *Table) add(b *Binding) *Binding {
	p := t.ports[portKey(b.Key.port)]
	if p == nil {
		p = &port{}
		t.ports[portKey(b.Key.port)] = p
	}
	if other := p.get(b.Key); other != nil {
		return other
	}
	p.add(b)
	t.all = append(t.all, b)
	t.rare.count(b, 1)
	return nil
}

// add files a binding whose key has none.
func (p *port) add(b *Binding) {
	switch b.Key.kind {
	case KindAddress:
		if p.addrs == nil {
			p.addrs = make(map[netip.Addr]*Binding)
		}
		p.addrs[b.Key.addr] = b
	case KindName:
		p.names.put(b)
	case KindWildcardName:
		p.wildcards.put(b)
	case KindCentral:
		p.central = b
	case KindAnyIPv6:
		p.any6 = b
	case KindAnyIPv4:
		p.any4 = b
	}
}

func (p *port) get(k Key) *Binding {
	switch k.kind {
	case KindAddress:
		return p.addrs[k.addr]
	case KindName:
		return p.names.get(k.host)
	case KindWildcardName:
		return p.wildcards.get(k.host)
	case KindCentral:
		return p.central
	case KindAnyIPv6:
		return p.any6
	case KindAnyIPv4:
		return p.any4
	}
	return nil
}

// Get gives the binding of a key, nil if there is none.
func (t *Table) Get(k Key) *Binding {
	if t == nil || t.ports[portKey(k.port)] == nil {
		return nil
	}
	return t.ports[portKey(k.port)].get(k)
}

// Bindings gives all bindings, sorted by key. The slice is the caller's, the
// bindings are not.
func (t *Table) Bindings() []*Binding {
	if t == nil {
		return nil
	}
	return slices.Clone(t.all)
}

// Len gives the number of bindings.
func (t *Table) Len() int {
	if t == nil {
		return 0
	}
	return len(t.all)
}

package pcap

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// A Filter says which packets are captured. It is a part of the language of
// tcpdump:
//
//	host ADDRESS      src or dst before it: of one side
//	net PREFIX/LENGTH likewise
//	port NUMBER       likewise; tcp or udp before it: of one protocol
//	portrange N-N     likewise
//	tcp, udp, ip, ip6
//	and, or, not      also && || !, and parentheses
//
// and binds tighter than or, as in most languages (in tcpdump's they bind alike).
// A list after host, net, port or portrange, as in "port 80 or 443", means each.
type Filter struct {
	text string
	root node // nil: everything
}

// A node is a condition.
type node interface{}

type (
	both    struct{ a, b node }
	either  struct{ a, b node }
	negated struct{ a node }
	// version is of IP, proto of what it carries.
	version struct{ n int }
	proto   struct{ n byte }
	side    uint8 // which address or port counts
	address struct {
		side side
		net  netip.Prefix
	}
	ports struct {
		side     side
		proto    byte // 0: TCP, UDP or SCTP
		from, to uint16
	}
)

const (
	anySide side = iota
	source
	destination
)

const (
	protoTCP  = 6
	protoUDP  = 17
	protoSCTP = 132
)

// maxConditions is how many conditions a filter may have.
const maxConditions = 200

// ParseFilter reads a filter. The error says which word cannot be understood,
// and what could stand there.
func ParseFilter(text string) (*Filter, error) {
	p := &filterParser{words: filterWords(text)}
	f := &Filter{text: strings.TrimSpace(text)}
	if len(p.words) == 0 {
		return f, nil
	}
	var err error
	if f.root, err = p.or(); err == nil && p.at < len(p.words) {
		err = fmt.Errorf("%q stands where \"and\" or \"or\" could", p.word())
	}
	if err != nil {
		return nil, fmt.Errorf("the filter %q: %w", f.text, err)
	}
	return f, nil
}

// String gives the filter as it was written.
func (f *Filter) String() string { return f.text }

// filterWords cuts a text at spaces, and around parentheses and "!".
func filterWords(text string) []string {
	for _, s := range []string{"(", ")", "&&", "||", "!"} {
		text = strings.ReplaceAll(text, s, " "+s+" ")
	}
	return strings.Fields(text)
}

type filterParser struct {
	words []string
	at    int
	count int
	// last makes a condition like the last one, for lists: "port 80 or 443".
	last func(value string) (node, error)
}

// word gives the next word, empty at the end.
func (p *filterParser) word() string {
	if p.at < len(p.words) {
		return p.words[p.at]
	}
	return ""
}

// take goes on behind the next word if it is one of those.
func (p *filterParser) take(words ...string) bool {
	for _, w := range words {
		if p.at < len(p.words) && strings.EqualFold(p.words[p.at], w) {
			p.at++
			return true
		}
	}
	return false
}

func (p *filterParser) or() (node, error) {
	a, err := p.and()
	for err == nil && p.take("or", "||") {
		var b node
		if b, err = p.and(); err == nil {
			a = either{a, b}
		}
	}
	return a, err
}

func (p *filterParser) and() (node, error) {
	a, err := p.not()
	for err == nil && p.take("and", "&&") {
		var b node
		if b, err = p.not(); err == nil {
			a = both{a, b}
		}
	}
	return a, err
}

func (p *filterParser) not() (node, error) {
	if p.count++; p.count > maxConditions {
		return nil, fmt.Errorf("it has more than %d conditions", maxConditions)
	}
	switch {
	case p.take("not", "!"):
		a, err := p.not()
		return negated{a}, err
	case p.take("("):
		p.last = nil
		a, err := p.or()
		if err == nil && !p.take(")") {
			err = fmt.Errorf("a \")\" is missing")
		}
		p.last = nil
		return a, err
	}
	return p.condition()
}

// A start is what a condition begins with: "tcp", "ip6", "tcp src" and the like.
type start struct {
	words  int
	before node // nil: no protocol is named
	on     byte // that of ports, 0: any
	which  side
}

func (p *filterParser) start() (s start) {
	began := p.at
	switch {
	case p.take("tcp"):
		s.on, s.before = protoTCP, proto{protoTCP}
	case p.take("udp"):
		s.on, s.before = protoUDP, proto{protoUDP}
	case p.take("ip6"):
		s.before = version{6}
	case p.take("ip"):
		s.before = version{4}
	}
	if p.take("src") {
		s.which = source
		if p.at+1 < len(p.words) && p.words[p.at] == "or" && p.words[p.at+1] == "dst" {
			p.at, s.which = p.at+2, anySide
		}
	} else if p.take("dst") {
		s.which = destination
	}
	s.words = p.at - began
	return s
}

// condition reads what is not made of other conditions.
func (p *filterParser) condition() (node, error) {
	s := p.start()
	var of func(string) (node, error)
	switch {
	case p.take("host"):
		of = func(v string) (node, error) { return hostOf(s.which, v) }
	case p.take("net"):
		of = func(v string) (node, error) { return netOf(s.which, v) }
	case p.take("port"):
		of = func(v string) (node, error) { return portOf(s.which, s.on, v) }
	case p.take("portrange"):
		of = func(v string) (node, error) { return rangeOf(s.which, s.on, v) }
	case s.before != nil && s.words == 1:
		p.last = nil
		return s.before, nil
	case p.word() == "":
		return nil, fmt.Errorf("it ends where a condition is missing")
	case s.words == 0 && p.last != nil: // one more of a list
		of, s.before = p.last, nil
	case s.which != anySide: // "src 10.0.0.1" is an address
		of = func(v string) (node, error) { return hostOf(s.which, v) }
	default:
		return nil, fmt.Errorf("%q is not known: there are host, net, port, portrange, tcp, udp, ip, ip6, src, dst, and, or, not", p.word())
	}
	v := p.word()
	if v == "" {
		return nil, fmt.Errorf("a value is missing after %q", p.words[p.at-1])
	}
	p.at++
	if s.before != nil {
		plain := of
		of = func(v string) (node, error) { a, err := plain(v); return both{s.before, a}, err }
	}
	p.last = of
	return of(v)
}

func hostOf(s side, v string) (node, error) {
	a, err := netip.ParseAddr(v)
	if err != nil || a.Zone() != "" {
		return nil, fmt.Errorf("%q is no address: names are not looked up", v)
	}
	a = a.Unmap()
	return address{s, netip.PrefixFrom(a, a.BitLen())}, nil
}

func netOf(s side, v string) (node, error) {
	if n, err := netip.ParsePrefix(v); err == nil {
		return address{s, n.Masked()}, nil
	}
	if a, err := netip.ParseAddr(v); err == nil && a.Zone() == "" {
		return address{s, netip.PrefixFrom(a, a.BitLen())}, nil
	}
	return nil, fmt.Errorf("%q is no network: it needs the form 10.0.0.0/8 or 2001:db8::/32", v)
}

func number(v string) (uint16, error) {
	n, err := strconv.ParseUint(v, 10, 16)
	if err == nil {
		return uint16(n), nil
	}
	if named, err := net.LookupPort("tcp", v); err == nil && !strings.ContainsAny(v, "0123456789") {
		return uint16(named), nil
	}
	return 0, fmt.Errorf("%q is no port: it needs a number up to 65535 or the name of a service", v)
}

func portOf(s side, on byte, v string) (node, error) {
	n, err := number(v)
	return ports{s, on, n, n}, err
}

func rangeOf(s side, on byte, v string) (node, error) {
	from, to, ok := strings.Cut(v, "-")
	a, err1 := number(from)
	b, err2 := number(to)
	if !ok || err1 != nil || err2 != nil || a > b {
		return nil, fmt.Errorf("%q is no range of ports: it needs the form 8000-8999", v)
	}
	return ports{s, on, a, b}, nil
}

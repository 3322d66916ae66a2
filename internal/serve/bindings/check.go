package bindings

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// A Code names a kind of mistake, for machines and for a page of help.
type Code string

// The mistakes that Check knows.
const (
	AddressShadowsNames Code = "address-shadows-names" // names are not looked at on an address that has a record
	NeverReached        Code = "never-reached"         // no connection can lead to the record
	NothingListens      Code = "nothing-listens"       // the server does not listen there
	NoFallback          Code = "no-fallback"           // clients without SNI find nothing
	NoIPv4Wildcard      Code = "no-ipv4-wildcard"      // [::] alone leaves out IPv4
	NoIPv6Wildcard      Code = "no-ipv6-wildcard"      // 0.0.0.0 serves IPv6 too
	WildcardsDiffer     Code = "wildcards-differ"      // IPv4 and IPv6 get different records
	LoopbackIPv4Only    Code = "loopback-ipv4-only"    // localhost may lead to ::1
	NoCentralStore      Code = "no-central-store"      // ccs is bound, but there is no Source
	NoClientCAs         Code = "no-client-cas"         // client certificates are required, and none is trusted
)

// A Warning is a mistake in bindings that does not keep them from working but
// will surprise somebody.
type Warning struct {
	Code Code
	// Minor is true for what is often meant so.
	Minor bool
	// Keys are the bindings concerned.
	Keys []Key
	// Text says what happens, to whom, and what to do.
	Text string
}

// String gives the text.
func (w Warning) String() string { return w.Text }

// Check looks for mistakes. listening are the addresses the server listens on,
// 0.0.0.0 for all of IPv4 and :: for all of IPv6 (a socket on :: that takes
// IPv4 as well is given as both); nil stands for all of both.
func (t *Table) Check(listening []netip.AddrPort) []Warning {
	if t == nil {
		return nil
	}
	var c checker
	for rest := t.all; len(rest) > 0; {
		number := rest[0].Key.port
		end := slices.IndexFunc(rest, func(b *Binding) bool { return b.Key.port != number })
		if end < 0 {
			end = len(rest)
		}
		c.port, c.number, c.keys = t.ports[portKey(number)], number, keysOf(rest[:end])
		c.listen = listenersOn(number, listening)
		c.checkPort(t.opts.Source != nil)
		for _, b := range rest[:end] {
			c.settings(b)
		}
		rest = rest[end:]
	}
	return c.found
}

// listeners are the addresses that a port is open on.
type listeners struct {
	all4, all6 bool
	addrs      []netip.Addr
}

func listenersOn(number uint16, listening []netip.AddrPort) listeners {
	if len(listening) == 0 {
		return listeners{all4: true, all6: true}
	}
	var l listeners
	for _, at := range listening {
		switch addr := at.Addr().Unmap().WithZone(""); {
		case at.Port() != number:
		case addr == netip.IPv4Unspecified():
			l.all4 = true
		case addr == netip.IPv6Unspecified():
			l.all6 = true
		default:
			l.addrs = append(l.addrs, addr)
		}
	}
	return l
}

func (l *listeners) anything() bool { return l.all4 || l.all6 || len(l.addrs) > 0 }

func (l *listeners) on(addr netip.Addr) bool {
	return addr.Is4() && l.all4 || addr.Is6() && l.all6 || slices.Contains(l.addrs, addr)
}

// family reports whether connections of IPv4, or of IPv6, can arrive.
func (l *listeners) family(six bool) bool {
	if six && l.all6 || !six && l.all4 {
		return true
	}
	return slices.ContainsFunc(l.addrs, func(a netip.Addr) bool { return a.Is6() == six })
}

// checker collects what is found, port after port.
type checker struct {
	port   *port
	number uint16
	keys   []Key // of the port, sorted
	listen listeners
	found  []Warning
}

func (c *checker) checkPort(store bool) {
	if !c.listen.anything() {
		c.warn(NothingListens, c.keys, "nothing listens on port %d: %s is never reached", c.number, list(c.keys))
		return
	}
	c.addresses()
	c.names()
	c.wildcards()
	if c.port.central != nil && !store {
		c.warn(NoCentralStore, []Key{c.port.central.Key},
			"%s is bound, but no central store is set up: the record never fires", c.port.central.Key)
	}
}

func (c *checker) warn(code Code, keys []Key, format string, args ...any) {
	c.found = append(c.found, Warning{Code: code, Keys: keys, Text: fmt.Sprintf(format, args...)})
}

func (c *checker) note(code Code, keys []Key, format string, args ...any) {
	c.warn(code, keys, format, args...)
	c.found[len(c.found)-1].Minor = true
}

// addresses looks at the records by address: the only ones that outrank names.
func (c *checker) addresses() {
	for _, b := range sorted(c.port.addrs) {
		if !c.listen.on(b.Key.addr) {
			c.warn(NothingListens, []Key{b.Key}, "%s is never reached: the server does not listen on that address", b.Key)
		}
	}
	local, ok := c.port.addrs[netip.AddrFrom4([4]byte{127, 0, 0, 1})]
	if ok && c.port.addrs[netip.IPv6Loopback()] == nil && c.port.any6 == nil && c.port.any4 == nil {
		c.note(LoopbackIPv4Only, []Key{local.Key},
			"%s is bound and [::1]:%d is not: a client that takes localhost for ::1 finds another record or none",
			local.Key, c.number)
	}
}

// names looks at what can be reached by SNI, and by clients that send none.
func (c *checker) names() {
	byAddress := func(k Key) bool { return k.kind == KindAddress }
	addresses := slices.DeleteFunc(slices.Clone(c.keys), func(k Key) bool { return !byAddress(k) })
	lower := slices.DeleteFunc(slices.Clone(c.keys), byAddress)
	named := slices.DeleteFunc(slices.Clone(lower), func(k Key) bool { return k.kind > KindCentral })
	switch {
	case len(lower) > 0 && c.allAddressesBound():
		c.warn(NeverReached, append(lower, addresses...),
			"%s can never fire: every address the server listens on has a record of its own, "+
				"which comes before names and wildcards; remove %s", list(lower), list(addresses))
		return
	case len(named) > 0 && len(addresses) > 0:
		c.warn(AddressShadowsNames, append(slices.Clone(addresses), named...),
			"on connections to %s, %s is not looked at: the record of the exact address comes before SNI; "+
				"bind 0.0.0.0:%d instead if it is meant as the fallback", list(addresses), list(named), c.number)
	}
	if len(named) > 0 && c.port.any4 == nil && c.port.any6 == nil {
		c.warn(NoFallback, named,
			"port %d has bindings by name only: a client that sends no SNI, or another name, finds no record; "+
				"bind 0.0.0.0:%d as well", c.number, c.number)
	}
}

// allAddressesBound reports whether the server listens on single addresses only
// and each has a record.
func (c *checker) allAddressesBound() bool {
	if c.listen.all4 || c.listen.all6 || len(c.listen.addrs) == 0 {
		return false
	}
	for _, a := range c.listen.addrs {
		if c.port.addrs[a] == nil {
			return false
		}
	}
	return true
}

// wildcards compares the records of 0.0.0.0 and [::].
func (c *checker) wildcards() {
	any4, any6 := c.port.any4, c.port.any6
	ipv4, ipv6 := c.listen.family(false), c.listen.family(true)
	switch {
	case any6 != nil && !ipv6:
		c.warn(NeverReached, []Key{any6.Key}, "%s can never fire: the server does not listen on IPv6", any6.Key)
	case any4 == nil && any6 != nil && ipv4:
		c.warn(NoIPv4Wildcard, []Key{any6.Key},
			"%s is for IPv6 only: a connection over IPv4 that nothing else fits finds no record; bind 0.0.0.0:%d as well",
			any6.Key, c.number)
	case any4 != nil && any6 == nil && ipv6:
		c.note(NoIPv6Wildcard, []Key{any4.Key},
			"%s serves IPv6 too, as there is no [::]:%d: bind that if IPv6 is to have its own record",
			any4.Key, c.number)
	case any4 != nil && any6 != nil && !slices.Equal(any4.Settings.Certificates, any6.Settings.Certificates):
		c.warn(WildcardsDiffer, []Key{any4.Key, any6.Key},
			"%s and %s have different certificates: a client gets the one or the other by the family of its connection, "+
				"localhost often by ::1", any4.Key, any6.Key)
	}
}

// settings looks at one record by itself.
func (c *checker) settings(b *Binding) {
	s := &b.Settings
	if s.ClientAuth == ClientAuthRequire && len(s.ClientCAs)+len(s.ClientKeys) == 0 {
		c.warn(NoClientCAs, []Key{b.Key},
			"%s requires a client certificate but trusts no issuer: nobody can connect; name the issuers, or the clients' keys", b.Key)
	}
}

func sorted(m map[netip.Addr]*Binding) []*Binding {
	list := make([]*Binding, 0, len(m))
	for _, b := range m {
		list = append(list, b)
	}
	slices.SortFunc(list, func(a, b *Binding) int { return a.Key.Compare(b.Key) })
	return list
}

func keysOf(list []*Binding) []Key {
	keys := make([]Key, len(list))
	for i, b := range list {
		keys[i] = b.Key
	}
	return keys
}

// list prints keys for a sentence, and how many more there are after five.
func list(keys []Key) string {
	const most = 5
	names := make([]string, 0, most)
	for _, k := range keys[:min(len(keys), most)] {
		names = append(names, k.String())
	}
	text := strings.Join(names, ", ")
	if more := len(keys) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

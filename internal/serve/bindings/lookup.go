package bindings

import "net/netip"

// A query is a connection in the form in which tables are searched.
type query struct {
	addr netip.Addr // unmapped, without a zone
	port uint16
	name string // lower case, without a final dot; "" without SNI
}

// newQuery sees to it that an IPv4 connection on a socket for both families
// (::ffff:192.0.2.1) counts as IPv4.
func newQuery(local netip.AddrPort, sni string) query {
	addr := local.Addr().Unmap()
	if addr.Is6() {
		addr = addr.WithZone("")
	}
	return query{addr: addr, port: local.Port(), name: canonicalName(sni)}
}

// Lookup gives the record of a connection to the local address whose client
// sent the name sni, "" if it sent none. It allocates nothing unless the name
// has capital letters or a Source is asked.
func (t *Table) Lookup(local netip.AddrPort, sni string) Result {
	if t == nil {
		return Result{}
	}
	if p := t.ports[portKey(local.Port())]; p != nil {
		q := newQuery(local, sni)
		for _, rule := range order {
			if b, central := t.find(rule, p, &q); b != nil {
				return Result{Binding: b, Rule: rule, central: central}
			}
		}
	}
	return t.noMatch()
}

func (t *Table) noMatch() Result {
	if t.final != nil {
		return Result{Binding: t.final, Rule: RuleDefault}
	}
	return Result{NoMatch: t.opts.NoMatch}
}

// find tries one rule: it gives the record, and from a central store the
// certificates. It does not look into the record, which is far away in memory.
func (t *Table) find(rule Rule, p *port, q *query) (*Binding, []string) {
	switch rule {
	case RuleAddress:
		return p.addrs[q.addr], nil
	case RuleName:
		return p.names.get(q.name), nil
	case RuleWildcardName:
		return p.wildcards.get(parentOf(q.name)), nil
	case RuleCentral:
		return t.findCentral(p, q)
	case RuleAnyIPv6:
		if q.addr.Is6() {
			return p.any6, nil
		}
	case RuleAnyIPv4:
		return p.any4, nil
	}
	return nil, nil
}

// findCentral asks the Source for the name and then for the wildcard: without a
// name there is nothing to ask for. The name comes from the client and may become
// part of a file name, so nothing but a host name is asked for.
func (t *Table) findCentral(p *port, q *query) (*Binding, []string) {
	if p.central == nil || t.opts.Source == nil || q.name == "" {
		return nil, nil
	}
	if checkHost(q.name, q.name, KindName) != nil {
		return nil, nil
	}
	if found := t.opts.Source.Certificates(p.central, q.name); len(found) > 0 {
		return p.central, found
	}
	if wildcard := centralWildcard(q.name); wildcard != "" {
		if found := t.opts.Source.Certificates(p.central, wildcard); len(found) > 0 {
			return p.central, found
		}
	}
	return nil, nil
}

// centralWildcard gives the name under which a central store files the wildcard
// certificate of a name: "_.example.com" for "www.example.com". "" if the name
// has one label.
func centralWildcard(name string) string {
	if parent := parentOf(name); parent != "" {
		return "_." + parent
	}
	return ""
}

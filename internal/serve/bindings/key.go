package bindings

import (
	"cmp"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// A Kind is the sort of key a binding has.
type Kind uint8

// The kinds of keys, in the order in which the lookup tries them.
const (
	KindAddress      Kind = iota + 1 // one IP address and port
	KindName                         // a host name and port
	KindWildcardName                 // *.rest: any one label before rest, and port
	KindCentral                      // a central certificate store for a port
	KindAnyIPv6                      // [::] and port
	KindAnyIPv4                      // 0.0.0.0 and port
)

// String names the kind.
func (k Kind) String() string {
	switch k {
	case KindAddress:
		return "address"
	case KindName:
		return "name"
	case KindWildcardName:
		return "wildcard name"
	case KindCentral:
		return "central store"
	case KindAnyIPv6:
		return "any IPv6"
	case KindAnyIPv4:
		return "any IPv4"
	}
	return "kind(" + strconv.Itoa(int(k)) + ")"
}

// A Key is what a binding is bound to. Keys are comparable: two keys that mean
// the same are equal, however they were written. The zero Key is no key.
type Key struct {
	kind Kind
	port uint16
	addr netip.Addr // of KindAddress, never IPv4-mapped, without a zone
	host string     // of names, lower case, without the final dot; of wildcards without "*."
}

// Kind gives the sort of key, 0 for the zero Key.
func (k Key) Kind() Kind { return k.kind }

// Port gives the TCP port.
func (k Key) Port() uint16 { return k.port }

// Addr gives the address of a key by address, and the unspecified address of
// the wildcards; the zero Addr for others.
func (k Key) Addr() netip.Addr {
	switch k.kind {
	case KindAnyIPv4:
		return netip.IPv4Unspecified()
	case KindAnyIPv6:
		return netip.IPv6Unspecified()
	}
	return k.addr
}

// Host gives the host name in lower case, "*." included; "" for other kinds.
func (k Key) Host() string {
	if k.kind == KindWildcardName {
		return "*." + k.host
	}
	return k.host
}

// String writes the key as ParseKey reads it: "192.0.2.1:443", "[::]:443",
// "www.example.com:443", "*.example.com:443", "ccs=443".
func (k Key) String() string {
	port := strconv.Itoa(int(k.port))
	switch k.kind {
	case KindAddress, KindAnyIPv4, KindAnyIPv6:
		return netip.AddrPortFrom(k.Addr(), k.port).String()
	case KindName, KindWildcardName:
		return k.Host() + ":" + port
	case KindCentral:
		return "ccs=" + port
	}
	return "(no key)"
}

// MarshalText writes the key as String does.
func (k Key) MarshalText() ([]byte, error) {
	if k.kind == 0 {
		return nil, fmt.Errorf("a binding without a key cannot be written")
	}
	return []byte(k.String()), nil
}

// UnmarshalText reads the key as ParseKey does.
func (k *Key) UnmarshalText(text []byte) error {
	parsed, err := ParseKey(string(text))
	if err != nil {
		return err
	}
	*k = parsed
	return nil
}

// Compare orders keys for people: by port, then as the lookup tries them, then
// by address or by name.
func (k Key) Compare(other Key) int {
	return cmp.Or(
		cmp.Compare(k.port, other.port),
		cmp.Compare(k.kind, other.kind),
		k.addr.Compare(other.addr),
		strings.Compare(k.host, other.host),
	)
}

// AddressKey gives the key of an address and port. The unspecified addresses
// give the wildcards, an IPv4-mapped IPv6 address its IPv4 address.
func AddressKey(at netip.AddrPort) (Key, error) {
	addr := at.Addr().Unmap()
	switch {
	case !addr.IsValid():
		return Key{}, fmt.Errorf("no IP address is given")
	case at.Port() == 0:
		return Key{}, fmt.Errorf("port 0 cannot be bound: write 1 to 65535, usually 443")
	case addr.Zone() != "":
		return Key{}, fmt.Errorf("address %s has a zone: leave %q out, the binding holds on every interface",
			addr, "%"+addr.Zone())
	case addr == netip.IPv4Unspecified():
		return Key{kind: KindAnyIPv4, port: at.Port()}, nil
	case addr == netip.IPv6Unspecified():
		return Key{kind: KindAnyIPv6, port: at.Port()}, nil
	}
	return Key{kind: KindAddress, port: at.Port(), addr: addr}, nil
}

// NameKey gives the key of a host name, or of a wildcard "*.rest", and a port.
func NameKey(host string, port uint16) (Key, error) {
	if port == 0 {
		return Key{}, fmt.Errorf("port 0 cannot be bound: write 1 to 65535, usually 443")
	}
	kind, name := KindName, lowerASCII(strings.TrimSuffix(host, "."))
	if rest, ok := strings.CutPrefix(name, "*."); ok {
		kind, name = KindWildcardName, rest
	}
	if err := checkHost(host, name, kind); err != nil {
		return Key{}, err
	}
	return Key{kind: kind, port: port, host: name}, nil
}

// CentralKey gives the key of the central certificate store on a port.
func CentralKey(port uint16) (Key, error) {
	if port == 0 {
		return Key{}, fmt.Errorf("port 0 cannot be bound: write 1 to 65535, usually 443")
	}
	return Key{kind: KindCentral, port: port}, nil
}

// ParseKey reads a key: "192.0.2.1:443", "[2001:db8::1]:443", "0.0.0.0:443" or
// "*:443", "[::]:443", "www.example.com:443", "*.example.com:443", "ccs=443".
// The prefixes of netsh, "ipport=" and "hostnameport=", are understood. The
// error names the part that is wrong and what to write instead.
func ParseKey(s string) (Key, error) {
	key, err := parseKey(s)
	if err != nil {
		return Key{}, fmt.Errorf("binding %q: %w", s, err)
	}
	return key, nil
}

func parseKey(s string) (Key, error) {
	if port, ok := cutFold(s, "ccs="); ok {
		n, err := parsePort(port)
		if err != nil {
			return Key{}, err
		}
		return CentralKey(n)
	}
	if rest, ok := cutFold(s, "ipport="); ok {
		return parseHostPort(rest, "ipport")
	}
	if rest, ok := cutFold(s, "hostnameport="); ok {
		return parseHostPort(rest, "hostnameport")
	}
	return parseHostPort(s, "")
}

// parseHostPort reads what stands before and after the last colon. demand is
// the prefix that was written, which says what the host must be.
func parseHostPort(s, demand string) (Key, error) {
	host, port, err := splitHostPort(s)
	if err != nil {
		return Key{}, err
	}
	if host == "" {
		return Key{}, fmt.Errorf("the host before the colon is missing: write *:%s for every address", port)
	}
	n, err := parsePort(port)
	if err != nil {
		return Key{}, err
	}
	if host == "*" {
		host = "0.0.0.0" // IIS's spelling
	}
	bare, bracketed := strings.CutPrefix(host, "[")
	if bracketed {
		bare = strings.TrimSuffix(bare, "]")
	}
	addr, err := netip.ParseAddr(bare)
	isAddr := err == nil
	switch {
	case bracketed && (!isAddr || addr.Is4()):
		return Key{}, fmt.Errorf("%s is no IPv6 address, which the brackets promise", host)
	case demand == "ipport" && !isAddr:
		return Key{}, fmt.Errorf("%q is no IP address, which ipport= needs: use hostnameport= for a name", host)
	case demand == "hostnameport" && isAddr:
		return Key{}, fmt.Errorf("%q is an IP address, hostnameport= needs a name: use ipport=", host)
	case isAddr:
		return AddressKey(netip.AddrPortFrom(addr, n))
	}
	return NameKey(host, n)
}

// splitHostPort divides at the last colon and sees to the brackets of IPv6.
func splitHostPort(s string) (host, port string, err error) {
	if s == "" {
		return "", "", fmt.Errorf("it is empty: write address:port or name:port")
	}
	if strings.Contains(s, "://") {
		return "", "", fmt.Errorf("it is a URL: write only host and port, such as www.example.com:443")
	}
	i := strings.LastIndexByte(s, ':')
	switch {
	case strings.HasPrefix(s, "["):
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return "", "", fmt.Errorf("the bracket of the IPv6 address is not closed: write [address]:port")
		}
		if rest := s[end+1:]; !strings.HasPrefix(rest, ":") {
			return "", "", fmt.Errorf("the port after %s is missing: write %s:443", s[:end+1], s[:end+1])
		}
		return s[:end+1], s[end+2:], nil
	case i < 0:
		return "", "", fmt.Errorf("the port is missing: write %s:443", s)
	case strings.Count(s, ":") > 1:
		return "", "", fmt.Errorf("an IPv6 address stands in brackets: write [address]:port, such as [::1]:443")
	}
	return s[:i], s[i+1:], nil
}

func parsePort(s string) (uint16, error) {
	if s == "" {
		return 0, fmt.Errorf("the port after the colon is missing: write 1 to 65535, usually 443")
	}
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 || s[0] == '0' {
		return 0, fmt.Errorf("port %q is no number from 1 to 65535 without leading zeros", s)
	}
	return uint16(n), nil
}

// cutFold is strings.CutPrefix that ignores case.
func cutFold(s, prefix string) (string, bool) {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):], true
	}
	return s, false
}

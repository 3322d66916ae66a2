package bindings

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Lengths of host names in bytes, without the final dot. RFC 1035, section
// 2.3.4.
const (
	maxHost  = 253
	maxLabel = 63
)

// checkHost tells what is wrong with a host name. written is the name for the
// message, name the same in lower case, without the final dot and without "*.".
func checkHost(written, name string, kind Kind) error {
	length := len(name)
	if kind == KindWildcardName {
		length += len("*.")
	}
	switch {
	case name == "":
		return fmt.Errorf("host %q has no name in it", written)
	case length > maxHost:
		return fmt.Errorf("the host name has %d bytes, %d are allowed", length, maxHost)
	}
	for label := range strings.SplitSeq(name, ".") {
		if err := checkLabel(written, label); err != nil {
			return err
		}
	}
	// A name whose last label is a number can only be a mistyped IPv4 address.
	if last := name[strings.LastIndexByte(name, '.')+1:]; strings.Trim(last, "0123456789") == "" {
		return fmt.Errorf("host %q is neither an IPv4 address nor a name: a name does not end in a number", written)
	}
	return nil
}

func checkLabel(written, label string) error {
	switch {
	case label == "":
		return fmt.Errorf("host %q has an empty label: two dots stand together, or one at the beginning", written)
	case len(label) > maxLabel:
		return fmt.Errorf("label %q of the host has %d bytes, %d are allowed", label, len(label), maxLabel)
	case strings.Contains(label, "*"):
		return fmt.Errorf("host %q: a wildcard is the whole first label and nothing else, such as *.example.com", written)
	}
	for i, r := range label {
		switch {
		case r >= utf8.RuneSelf:
			return fmt.Errorf("host %q has the character %q (%U): write the name as it stands in DNS (xn--...)", written, r, r)
		case 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '_':
		case r == '-' && i > 0 && i < len(label)-1:
		case r == '-':
			return fmt.Errorf("label %q of the host begins or ends with a hyphen", label)
		default:
			return fmt.Errorf("host %q has the character %q, which no host name has", written, r)
		}
	}
	return nil
}

// lowerASCII turns A to Z into lower case and nothing else: Unicode's rules
// would make a "k" of the Kelvin sign, and so another name. It allocates only
// if there is something to change.
func lowerASCII(s string) string {
	for i := range len(s) {
		if s[i]-'A' <= 'Z'-'A' { // one comparison: below A it wraps
			return lowerFrom(s, i)
		}
	}
	return s
}

func lowerFrom(s string, i int) string {
	b := []byte(s)
	for ; i < len(b); i++ {
		if 'A' <= b[i] && b[i] <= 'Z' {
			b[i] += 'a' - 'A'
		}
	}
	return string(b)
}

// canonicalName is the form in which SNI is looked up: lower case, without a
// final dot. RFC 6066, section 3, sends no final dot; some clients do.
func canonicalName(sni string) string {
	if n := len(sni); n > 0 && sni[n-1] == '.' {
		sni = sni[:n-1]
	}
	return lowerASCII(sni)
}

// parentOf gives what follows the first label: what a wildcard is looked up by.
// "" if there is none.
func parentOf(name string) string {
	if i := strings.IndexByte(name, '.'); i > 0 {
		return name[i+1:]
	}
	return ""
}

// Package iana holds every number of TLS that this project knows, with its
// registered name. The constants and names are generated from the files in
// registry, which have a row for each: value, registered name, name in Go.
//
// The cipher kinds of SSL 2.0, which are not registered and have three bytes,
// are suites of the range for private use: 0xff00 and their first byte.
package iana

//go:generate go run ./gen

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// IsGREASE reports whether the version is one that is sent to see whether
// unknown values are tolerated. RFC 8701.
func (v Version) IsGREASE() bool { return isGREASE(uint16(v)) }

// IsGREASE reports whether the suite is a GREASE value. RFC 8701.
func (s Suite) IsGREASE() bool { return isGREASE(uint16(s)) }

// IsGREASE reports whether the group is a GREASE value. RFC 8701.
func (g Group) IsGREASE() bool { return isGREASE(uint16(g)) }

// IsGREASE reports whether the extension is a GREASE value. RFC 8701.
func (e ExtensionType) IsGREASE() bool { return isGREASE(uint16(e)) }

// IsGREASE reports whether the scheme is a GREASE value. RFC 8701.
func (s SignatureScheme) IsGREASE() bool { return isGREASE(uint16(s)) }

func isGREASE(v uint16) bool { return v&0x0f0f == 0x0a0a && v>>8 == v&0xff }

// unknown prints a value that has no name.
func unknown(kind string, v, bits int) string {
	if bits == 16 && isGREASE(uint16(v)) {
		return fmt.Sprintf("GREASE(0x%04x)", v)
	}
	return fmt.Sprintf("%s(0x%0*x)", kind, bits/4, v)
}

// find gives the value of a registered name, in any case, or of a number.
func find(kind, name string, bits int, names map[int]string) (int, error) {
	for v, n := range names {
		if strings.EqualFold(n, name) {
			return v, nil
		}
	}
	if v, err := strconv.ParseUint(name, 0, bits); err == nil {
		return int(v), nil
	}
	return 0, fmt.Errorf("no %s is called %q", kind, name)
}

// known gives the values of a table of names, in order.
func known[T ~uint8 | ~uint16](names map[int]string) []T {
	values := make([]T, 0, len(names))
	for _, v := range slices.Sorted(maps.Keys(names)) {
		values = append(values, T(v))
	}
	return values
}

package hello

import (
	"cmp"
	"slices"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// Some load balancers give up on a ClientHello of 256 to 511 bytes, header and
// all: padding makes it 512 bytes long. RFC 7685, section 1.
const (
	minPadded = 256
	padTo     = 512
)

// pad appends padding to a ClientHello that has n more bytes to come, if its
// length calls for it.
func pad(b []byte, n int) []byte {
	missing := padTo - len(b) - n
	if missing <= 0 || missing > padTo-minPadded {
		return b
	}
	const header = 4
	return wire.AppendPadding(b, max(missing-header, 1)) // some do not take an empty one
}

// permute puts extensions in an order that depends on the seed and their types
// alone, so that two hellos of a handshake have it in common. It keeps servers
// from relying on an order (RFC 9846, section 4.3, has none but for
// pre_shared_key, which is not among them yet).
func permute(block wire.Extensions, seed uint64) {
	type extension struct {
		order uint64
		bytes []byte
	}
	var all []extension
	for rest := block; len(rest) > 0; {
		t, body, next := rest.Next()
		all = append(all, extension{mix(seed, t), rest[:4+len(body)]})
		rest = next
	}
	slices.SortFunc(all, func(a, b extension) int { return cmp.Compare(a.order, b.order) })
	out := make([]byte, 0, len(block))
	for _, e := range all {
		out = append(out, e.bytes...)
	}
	copy(block, out)
}

// mix spreads the types over all numbers, differently for each seed. It need not
// be hard to guess: everybody sees the order.
func mix(seed uint64, t iana.ExtensionType) uint64 {
	x := seed + uint64(t)*0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

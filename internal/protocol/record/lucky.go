package record

import (
	"crypto/subtle"
	"encoding"
	"encoding/binary"
	"hash"

	"github.com/handsel-tls/handsel/internal/protocol/suite"
)

// lucky checks a MAC whose place in the record is secret. Neither the
// instructions nor the memory touched depend on the place, only on the length
// of the record (N. AlFardan and K. Paterson, "Lucky Thirteen", 2013).
type lucky struct {
	hash       hash.Hash
	appender   encoding.BinaryAppender // of hash
	size       int                     // of the MAC, in bytes
	block      int                     // of the hash, in bytes
	lengthLen  int                     // of the length at the hash's end, in bytes
	shift      int                     // a length divided by the block
	inner      [128]byte               // the key under HMAC's two pads, or with SSL 3.0's
	outer      [128]byte
	innerLen   int // bytes of inner that are hashed first: a block of HMAC, nothing in SSL 3.0
	outerLen   int
	before     []byte // of SSL 3.0: what is hashed before the header, which is no whole block
	head       [96]byte
	tail       [5 * 128]byte // the blocks in which the content can end
	state      [256]byte     // of hash, encoded
	want, have [48]byte
}

func newLucky(kind suite.MAC, key []byte, r Rules) *lucky {
	l := &lucky{hash: newHash(kind)(), size: len(key), block: 64, lengthLen: 8, shift: 6}
	if kind == suite.SHA384 {
		l.block, l.lengthLen, l.shift = 128, 16, 7
	}
	l.appender = l.hash.(encoding.BinaryAppender) // as all of the standard library's
	if r.Pads {
		var outer []byte
		l.before, outer = pads(l.size, key)
		l.outerLen = copy(l.outer[:], outer)
		return l
	}
	l.innerLen, l.outerLen = l.block, l.block
	for i := range l.block {
		l.inner[i], l.outer[i] = 0x36, 0x5c
	}
	subtle.XORBytes(l.inner[:], l.inner[:len(key)], key)
	subtle.XORBytes(l.outer[:], l.outer[:len(key)], key)
	return l
}

// check gives 1 if the MAC of head and body[:n] follows them in body. n is
// secret.
func (l *lucky) check(head, body []byte, n int) int {
	l.sum(head, body, n)
	l.extract(body, n)
	return subtle.ConstantTimeCompare(l.want[:l.size], l.have[:l.size])
}

// spread is in how many places the content can end: before padding of 1 to 256
// bytes.
const spread = 256

// sum puts the HMAC of head and body[:n] into want. What is content in any case
// is hashed as usual. The blocks after it, as many as there can be, are hashed
// one at a time with the hash's own padding put in by hand; after each, the
// state is looked at, and that of the block in which the hash ends is kept.
func (l *lucky) sum(head, body []byte, n int) {
	if l.before != nil {
		head = append(append(l.head[:0], l.before...), head...)
	}
	longest := len(head) + len(body) - l.size - 1
	certain := max(longest-spread+1, 0) &^ (l.block - 1) // whole blocks
	if certain < len(head) {
		certain = 0
	}
	blocks := (longest+l.lengthLen)>>l.shift + 1 - certain>>l.shift
	tail := l.tail[:blocks*l.block]

	l.hash.Reset()
	l.hash.Write(l.inner[:l.innerLen])
	if certain > 0 {
		l.hash.Write(head)
		l.hash.Write(body[:certain-len(head)])
		clear(tail[copy(tail, body[certain-len(head):]):])
	} else {
		k := copy(tail, head)
		clear(tail[k+copy(tail[k:], body):])
	}
	end := len(head) + n - certain // of the content within tail
	endTail(tail, end)
	last := (end + l.lengthLen) >> l.shift
	bits := uint32(l.innerLen+certain+end) * 8

	clear(l.want[:])
	for k := range blocks {
		b := tail[k*l.block:][:l.block]
		isLast := equal(k, last)
		length := b[l.block-4:] // the rest of it is 0
		binary.BigEndian.PutUint32(length, binary.BigEndian.Uint32(length)|uint32(isLast)&bits)
		l.hash.Write(b)
		for i, s := range l.chaining()[:l.size] {
			l.want[i] |= byte(isLast) & s
		}
	}

	l.hash.Reset()
	l.hash.Write(l.outer[:l.outerLen])
	l.hash.Write(l.want[:l.size])
	l.hash.Sum(l.want[:0])
}

// endTail ends the content at end, in constant time: a bit after it, and then
// zeros.
func endTail(tail []byte, end int) {
	for i := range tail {
		tail[i] = tail[i]&byte(less(i, end)) | 0x80&byte(equal(i, end))
	}
}

// less and equal give -1 if a < b or a == b, else 0. Lengths of records are far
// from where the subtraction overflows.
func less(a, b int) int32  { return int32(a-b) >> 31 }
func equal(a, b int) int32 { return ^(less(a, b) | less(b, a)) }

// chaining gives the chaining value of the hash, which holds whole blocks: it
// stands behind the four bytes of magic of the standard library's encoding.
func (l *lucky) chaining() []byte {
	b, err := l.appender.AppendBinary(l.state[:0])
	if err != nil {
		panic("record: " + err.Error()) // the standard library's hashes can be encoded
	}
	return b[4:]
}

// extract puts body[n:n+size] into have in constant time. Every byte that could
// be one of them goes to its place modulo the length; a rotation by the secret
// distance, a power of two at a time, puts them in order.
func (l *lucky) extract(body []byte, n int) {
	size := l.size
	first := max(len(body)-size-spread, 0)
	var ring, turned [48]byte
	place, start := 0, int32(0) // start becomes the place of body[n]
	for i := first; i < len(body); i++ {
		begins := equal(i, n)
		start |= begins & int32(place)
		ring[place] |= body[i] & byte(^less(i, n)&less(i, n+size))
		if place++; place == size {
			place = 0
		}
	}
	for step := 1; step < size; step <<= 1 {
		take := byte(equal(int(start)&step, step))
		for i := range size {
			from := i + step
			if from >= size {
				from -= size
			}
			turned[i] = ring[from]&take | ring[i]&^take
		}
		ring = turned
	}
	l.have = ring
}

package record

import (
	"crypto/subtle"
	"encoding"
	"encoding/binary"
	"hash"

	"github.com/handsel-tls/handsel/internal/protocol/suite"
)

// checkMAC gives 1 if the MAC behind the first n bytes of body is right. n is
// secret: neither the instructions nor the memory touched depend on it, only on
// the length of body (N. AlFardan and K. Paterson, "Lucky Thirteen", 2013).
func (c *cbc) checkMAC(ad [13]byte, body []byte, n int) int {
	ad[11], ad[12] = byte(n>>8), byte(n)
	var want, got [48]byte
	c.secretSum(want[:], ad[:], body, n)
	secretCopy(got[:c.size], body, n)
	return subtle.ConstantTimeCompare(want[:c.size], got[:c.size])
}

// spread is how much n can vary: padding of 1 to 256 bytes.
const spread = 256

// secretSum is HMAC over ad and body[:n]. The inner hash is fed block by block
// with the padding of the hash put in by hand; the state after every block in
// which it could have ended is looked at, and the one kept in which it did.
func (c *cbc) secretSum(out, ad, body []byte, n int) {
	blockLen, lengthLen := 64, 8
	if c.kind == suite.SHA384 {
		blockLen, lengthLen = 128, 16
	}
	longest := len(ad) + len(body) - c.size - 1
	shortest := max(longest-spread+1, len(ad))
	total := len(ad) + n
	last := uint32(total+lengthLen) >> shift(blockLen) // the block in which the hash ends

	h := newHash(c.kind)()
	var pad [128]byte
	for i := range blockLen {
		pad[i] = 0x36
	}
	subtle.XORBytes(pad[:c.size], pad[:c.size], c.key[:c.size])
	h.Write(pad[:blockLen])

	at := func(i int) byte { // the message, and zeros after it
		switch {
		case i < len(ad):
			return ad[i]
		case i < len(ad)+len(body):
			return body[i-len(ad)]
		}
		return 0
	}
	var block [128]byte
	var inner [64]byte
	for k := range (longest+lengthLen)/blockLen + 1 {
		first := k * blockLen
		if first+blockLen <= shortest { // content in any case
			for i := range blockLen {
				block[i] = at(first + i)
			}
			h.Write(block[:blockLen])
			continue
		}
		isLast := subtle.ConstantTimeEq(int32(k), int32(last))
		for i := range blockLen {
			before := subtle.ConstantTimeLessOrEq(first+i+1, total)
			end := subtle.ConstantTimeEq(int32(first+i), int32(total))
			block[i] = byte(-before)&at(first+i) | byte(-end)&0x80
		}
		var bits [8]byte
		binary.BigEndian.PutUint64(bits[:], uint64(blockLen+total)*8)
		for i, b := range bits {
			block[blockLen-8+i] |= byte(-isLast) & b
		}
		h.Write(block[:blockLen])
		var state [64]byte
		chaining(&state, h)
		for i := range inner {
			inner[i] |= byte(-isLast) & state[i]
		}
	}

	outer := newHash(c.kind)()
	for i := range blockLen {
		pad[i] ^= 0x36 ^ 0x5c
	}
	outer.Write(pad[:blockLen])
	outer.Write(inner[:c.size])
	outer.Sum(out[:0])
}

func shift(blockLen int) int {
	if blockLen == 128 {
		return 7
	}
	return 6
}

// chaining reads the chaining value of a hash that holds whole blocks: it
// stands behind the four bytes of magic of the standard library's encoding.
func chaining(state *[64]byte, h hash.Hash) {
	var buf [256]byte
	b, err := h.(encoding.BinaryAppender).AppendBinary(buf[:0])
	if err != nil {
		panic("record: " + err.Error()) // the standard library's hashes can be encoded
	}
	copy(state[:], b[4:])
}

// secretCopy copies body[n:n+len(dst)] in constant time. Every byte that could
// be one of them goes to its place modulo the length; a rotation by the secret
// distance puts them in order.
func secretCopy(dst, body []byte, n int) {
	size := len(dst)
	first := max(len(body)-size-spread, 0)
	var ring [48]byte
	for i := first; i < len(body); i++ {
		in := subtle.ConstantTimeLessOrEq(n, i) & subtle.ConstantTimeLessOrEq(i+1, n+size)
		ring[(i-first)%size] |= byte(-in) & body[i]
	}
	turn := secretMod(n-first, size)
	for i := range dst {
		var b byte
		for j := range size {
			from := turn + i
			from -= size & -subtle.ConstantTimeLessOrEq(size, from)
			b |= ring[j] & byte(-subtle.ConstantTimeEq(int32(j), int32(from)))
		}
		dst[i] = b
	}
}

// secretMod is v mod m without a division, whose time may depend on v: v is
// less than twice spread, m at least 20.
func secretMod(v, m int) int {
	for range 2*spread/20 + 1 {
		v -= m & -subtle.ConstantTimeLessOrEq(m, v)
	}
	return v
}

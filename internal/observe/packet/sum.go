package packet

import (
	"encoding/binary"
	"math/bits"
)

// Verify checks the checksum (RFC 9293, section 3.1) and puts the result into
// Sum. Decode has done so unless Decoder.NoSums was set.
func (s *Segment) Verify() {
	if s.Snapped > 0 || s.whole == nil {
		s.Sum = SumUnknown
		return
	}
	length := s.pseudo + uint64(len(s.whole))
	switch {
	case fold(length+words(s.whole)) == 0xffff:
		s.Sum = SumRight
	case s.Checksum == fold(length), s.Checksum == fold(s.pseudo):
		s.Sum = SumPartial
	default:
		s.Sum = SumWrong
	}
}

// words adds up b as big-endian numbers of two bytes; folded, it is their sum
// in one's complement. A last odd byte counts as the upper half of a number.
// RFC 1071.
func words(b []byte) uint64 {
	var sum, carry uint64
	for len(b) >= 32 {
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(b), 0)
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(b[8:]), carry)
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(b[16:]), carry)
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(b[24:]), carry)
		sum, carry = bits.Add64(sum, carry, 0)
		sum += carry
		b = b[32:]
	}
	for len(b) >= 8 {
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(b), 0)
		sum += carry
		b = b[8:]
	}
	if len(b) > 0 {
		var last [8]byte
		copy(last[:], b)
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(last[:]), 0)
		sum += carry
	}
	return uint64(bits.ReverseBytes16(fold(sum))) // the sum does not depend on the byte order but for this: RFC 1071, section 2
}

// fold adds the upper parts of a sum to its lowest 16 bits.
func fold(sum uint64) uint16 {
	sum = sum>>32 + sum&0xffffffff
	sum = sum>>32 + sum&0xffffffff
	sum = sum>>16 + sum&0xffff
	sum = sum>>16 + sum&0xffff
	return uint16(sum)
}

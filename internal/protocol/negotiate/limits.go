package negotiate

import (
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// Limits are how much content a record may have, in bytes; 0 stands for 2^14.
type Limits struct {
	Read, Write uint16

	// What a server answers; 0: nothing.
	RecordSizeLimit uint16
	MaxFragment     wire.MaxFragmentLength
}

const (
	maxContent   = 1 << 14 // bytes of a record. RFC 9846, section 5.1
	minSizeLimit = 64      // RFC 8449, section 4
)

// ServerLimits agrees to what a client offers: record_size_limit, with ours for
// what the client sends, or else max_fragment_length for both directions. RFC
// 8449, sections 4 and 5; RFC 6066, section 4.
func ServerLimits(o *Offer, ours uint16, v iana.Version) Limits {
	switch {
	case o.Has(iana.ExtRecordSizeLimit):
		l := Limits{RecordSizeLimit: ownSizeLimit(ours, v)}
		l.Read, l.Write = contentLimit(l.RecordSizeLimit, v), contentLimit(o.RecordSizeLimit, v)
		return l
	case o.Has(iana.ExtMaxFragmentLength):
		return fragments(o.MaxFragment)
	}
	return Limits{}
}

func fragments(m wire.MaxFragmentLength) Limits {
	n, _ := m.Len() // it was checked
	return Limits{Read: uint16(n), Write: uint16(n), MaxFragment: m}
}

// ownSizeLimit gives the record_size_limit of this side, which is no more than
// the version allows.
func ownSizeLimit(ours uint16, v iana.Version) uint16 {
	most := uint16(maxContent)
	if v >= iana.TLS13 {
		most++ // the content type counts
	}
	if ours == 0 {
		return most
	}
	return min(ours, most)
}

// contentLimit gives how much content record_size_limit leaves a record in the
// version. A limit that is higher than the version's is for a version that this
// side does not know (RFC 8449, section 4).
func contentLimit(limit uint16, v iana.Version) uint16 {
	if v >= iana.TLS13 {
		limit--
	}
	return min(limit, maxContent)
}

// Append appends what a server answers.
func (l *Limits) Append(b []byte) []byte {
	if l.RecordSizeLimit > 0 {
		return wire.AppendRecordSizeLimit(b, l.RecordSizeLimit)
	}
	if l.MaxFragment > 0 {
		return wire.AppendMaxFragmentLength(b, l.MaxFragment)
	}
	return b
}

// ClientLimits takes a server's answer to what a client has offered: ours as
// record_size_limit, or fragment as max_fragment_length.
func ClientLimits(exts wire.Extensions, ours uint16, fragment wire.MaxFragmentLength, v iana.Version) (Limits, error) {
	size, sized := exts.Get(iana.ExtRecordSizeLimit)
	length, cut := exts.Get(iana.ExtMaxFragmentLength)
	switch {
	case sized && cut: // RFC 8449, section 5
		return Limits{}, fault.With(fault.ExtensionValue, "%v and %v", iana.ExtRecordSizeLimit, iana.ExtMaxFragmentLength)
	case sized:
		limit, err := readRecordSizeLimit(size)
		return Limits{Read: contentLimit(ownSizeLimit(ours, v), v), Write: contentLimit(limit, v)}, err
	case cut:
		m, err := readMaxFragment(length)
		if err == nil && m != fragment {
			err = fault.With(fault.ExtensionValue, "%v is %d, and %d was asked for", iana.ExtMaxFragmentLength, m, fragment)
		}
		return fragments(m), err
	}
	return Limits{}, nil
}

func readRecordSizeLimit(body []byte) (uint16, error) {
	n, err := wire.ParseRecordSizeLimit(body)
	if err == nil && n < minSizeLimit {
		err = fault.With(fault.ExtensionValue, "%v is %d", iana.ExtRecordSizeLimit, n)
	}
	return n, err
}

func readMaxFragment(body []byte) (wire.MaxFragmentLength, error) {
	m, err := wire.ParseMaxFragmentLength(body)
	if _, ok := m.Len(); err == nil && !ok {
		err = fault.With(fault.ExtensionValue, "%v is %d", iana.ExtMaxFragmentLength, m)
	}
	return m, err
}

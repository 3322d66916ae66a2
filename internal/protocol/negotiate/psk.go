package negotiate

import (
	"bytes"
	"slices"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/psk"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// maxPSKs is how many identities of a client's list are looked at: there is room
// for thousands in a ClientHello.
const maxPSKs = 32

// OffersPSK reports whether the client offers pre-shared keys in a way that is
// taken here: with a key exchange. RFC 9846, section 4.3.9.
func (o *Offer) OffersPSK() bool {
	return o.Has(iana.ExtPreSharedKey) && bytes.IndexByte(o.PSKModes, byte(iana.PSKModeDHEKE)) >= 0
}

// ExternalPSK chooses the first of this side's keys that the client offers and
// that goes with the hash, and gives its place in the client's list; nil if there
// is none. RFC 9846, section 4.3.11.
func ExternalPSK(o *Offer, keys []*psk.External, h schedule.Hash, log *trace.Log) (*psk.Key, int) {
	if !o.OffersPSK() {
		return nil, 0
	}
	var ids [maxPSKs][]byte
	n := o.identities(&ids)
	var refused [maxPSKs]trace.Why
	for _, e := range keys {
		for i := range e.Keys() {
			k := &e.Keys()[i]
			for at, id := range ids[:n] {
				switch {
				case !bytes.Equal(id, k.Identity):
				case k.Hash != h:
					refused[at] = trace.WrongHash
				default:
					log.Chose(trace.PSK, uint16(at))
					return k, at
				}
			}
		}
	}
	for at := range n {
		why := refused[at]
		if why == 0 {
			why = trace.Unknown
		}
		log.Refused(trace.PSK, uint16(at), why)
	}
	return nil, 0
}

// identities gives the first identities that the client offers, and how many.
func (o *Offer) identities(ids *[maxPSKs][]byte) (n int) {
	for ; n < maxPSKs; n++ {
		id, ok := o.PSK.Identity(n)
		if !ok {
			break
		}
		ids[n] = id.Identity
	}
	return n
}

// hashesOf tells which hashes the first of this side's keys goes with that the
// client offers; nil if it offers none.
func hashesOf(o *Offer, keys []*psk.External) func(schedule.Hash) bool {
	if !o.OffersPSK() {
		return nil
	}
	var ids [maxPSKs][]byte
	n := o.identities(&ids)
	for _, e := range keys {
		for _, id := range ids[:n] {
			if slices.ContainsFunc(e.Keys(), func(k psk.Key) bool { return bytes.Equal(k.Identity, id) }) {
				return func(h schedule.Hash) bool {
					return slices.ContainsFunc(e.Keys(), func(k psk.Key) bool { return k.Hash == h })
				}
			}
		}
	}
	return nil
}

// SuitePSK chooses a cipher suite of TLS 1.2 or below that goes with a pre-shared
// key, in the policy's order. RFC 4279, section 2.
func SuitePSK(o *Offer, p *policy.Policy, v iana.Version, group bool, log *trace.Log) (iana.Suite, error) {
	return SuiteLegacy(o, p, Legacy{Version: v, Group: group, Against: func(s suite.Params) trace.Why {
		if s.Auth != suite.NoKey {
			return trace.WrongVersion // it does not come into question: a certificate's do after these
		}
		return 0
	}}, log)
}

// OldPSK gives this side's key of the identity for TLS 1.2 and below, nil if
// there is none.
func OldPSK(keys []*psk.External, identity []byte) *psk.External {
	for _, e := range keys {
		if e.Old && bytes.Equal(e.Identity, identity) {
			return e
		}
	}
	return nil
}

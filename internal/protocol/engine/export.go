package engine

import (
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/prf"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
)

// Export gives n bytes of keying material, at most 2^13. RFC 9846, section 7.5;
// RFC 5705. In TLS 1.2 it needs extended_master_secret, without which the
// material does not belong to this connection alone (RFC 7627, section 5.4).
func (c *Conn) Export(label string, context []byte, n int) ([]byte, error) {
	e := c.Established()
	if (!c.complete || c.core != nil) && !c.HalfOpen() || !exportable(label, context, n) {
		return nil, fault.With(fault.Internal, "no keying material can be had: %d bytes, label of %d", n, len(label))
	}
	if e.Version == iana.TLS13 {
		return e.Exporter.Export(label, context, n), nil
	}
	if !e.EMS {
		return nil, fault.EMSRequired
	}
	p, _ := suite.Of(e.Suite)
	return prf.Of(e.Version, p.Hash).Export(e.Master[:], e.ClientRandom[:], e.ServerRandom[:], label, context, n), nil
}

// exportable reports whether the lengths are those of an exporter.
func exportable(label string, context []byte, n int) bool {
	return n >= 0 && n <= 1<<13 && len(label) <= 249 && len(context) < 1<<16
}

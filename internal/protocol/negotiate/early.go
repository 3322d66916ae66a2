package negotiate

import (
	"slices"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// Early is what a server's choice to take early data depends on beside the
// offer.
type Early struct {
	Max      uint32         // how many bytes this side takes; 0: none
	Session  *session.State // that is resumed; nil: none
	Place    int            // of it in the client's list
	Suite    iana.Suite     // that was chosen
	Protocol string         // likewise
	Retried  bool           // the client was asked for another ClientHello
	Now      time.Time
	Skew     time.Duration // by how much the two sides' ages of the ticket may differ
}

// EarlyData says why early data cannot be taken, 0 if nothing speaks against it
// but that the ClientHello may have been sent before. RFC 9846, sections 4.3.10
// and 8.3.
func EarlyData(o *Offer, e Early) trace.Why {
	offered, s := o.Has(iana.ExtEarlyData), e.Session
	switch {
	case e.Max == 0:
		return trace.Disabled
	case s == nil && !o.Has(iana.ExtPreSharedKey):
		return trace.NoSession
	case s == nil:
		return trace.NotResumed
	case s.MaxEarly == 0:
		return trace.NotOfSession
	case e.Retried:
		return trace.Retried
	case !offered:
		return trace.NotOffered
	case e.Place != 0:
		return trace.NotFirst
	case s.Suite != e.Suite:
		return trace.WrongSuite
	case s.ALPN != e.Protocol:
		return trace.WrongProtocol
	case s.ServerName != o.ServerName:
		return trace.WrongName
	}
	id, _ := o.PSK.Identity(e.Place)
	// RFC 9846, section 8.3. The way of the ClientHello takes time as well, so
	// that parts of a second count for nothing.
	if skew := s.Skew(id.ObfuscatedAge, e.Now).Round(time.Second); skew > e.Skew || skew < -e.Skew {
		return trace.AgeSkew
	}
	return 0
}

// OfferEarly says why a client cannot offer early data, 0 if it can. It does
// with a session that allows it, if nothing that the session was made with has
// been taken back since: the server has to choose the same again. RFC 9846,
// section 4.3.10.
func OfferEarly(s *session.State, p *policy.Policy, protocols []string, name string) trace.Why {
	switch {
	case !p.Allows(iana.TLS13):
		return trace.WrongVersion
	case s == nil || s.Version != iana.TLS13:
		return trace.NoSession
	case s.MaxEarly == 0:
		return trace.NotOfSession
	case !p.AllowsSuite(s.Suite):
		return trace.WrongSuite
	case s.ALPN != "" && !slices.Contains(protocols, s.ALPN):
		return trace.WrongProtocol
	case s.ServerName != name:
		return trace.WrongName
	}
	return 0
}

package hello

import (
	"github.com/handsel-tls/handsel/internal/protocol/ech"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// openECH goes on with the ClientHelloInner if there is one that can be opened.
// That it cannot be is no fault of the client, which may have sent an extension
// that means nothing. RFC 9849, section 7.
func (s *Server) openECH(keys *ech.Keys) (handshake.State, error) {
	s.Done.ECH = &handshake.ECHOutcome{Status: trace.ECHIgnored, PublicName: s.Offer.ServerName}
	switch {
	case s.Offer.ECH.Inner && keys != nil:
		return 0, fault.ECHInnerBare
	case s.Offer.ECH.Inner:
		s.Done.ECH.Status, s.Done.ECH.PublicName = trace.ECHBackend, ""
		return s.ask()
	case keys == nil || !s.Config.Policy.Allows(iana.TLS13):
		return s.ask()
	}
	s.Done.ECH.Status, s.Done.ECH.RetryConfigs = trace.ECHRejected, keys.Retry
	opened, encoded := negotiate.ECHKey(&s.Offer, s.Hello[wire.HeaderLen:], keys, s.Log)
	if opened == nil {
		return s.ask()
	}
	inner, err := ech.Decode(encoded, &s.Offer.Hello)
	if err != nil {
		return 0, err
	}
	s.ShowInner(inner)
	s.Opened, s.outer = opened, s.Hello
	s.Done.ECH.Status = trace.ECHAccepted
	if err := s.read(inner); err != nil {
		return 0, err
	}
	if err := s.Offer.CheckInner(); err != nil {
		return 0, err
	}
	return s.ask()
}

// read reads a ClientHello with its header, which the offer is a view of.
func (s *Server) read(hello []byte) (err error) {
	s.Hello = hello
	if s.Offer, err = negotiate.ReadOffer(hello[wire.HeaderLen:]); err != nil {
		return err
	}
	copy(s.Done.ClientRandom[:], s.Offer.Hello.Random)
	s.Done.ServerName = s.Offer.ServerName
	return nil
}

// rewind goes back to the ClientHelloOuter, because the host wants it answered.
// The client is given no configurations to try again with: for the name it
// asked for there is no encryption.
func (s *Server) rewind() (handshake.State, error) {
	s.Opened = nil
	s.Done.ECH = &handshake.ECHOutcome{Status: trace.ECHDisallowed, PublicName: s.Done.ECH.PublicName}
	if err := s.read(s.outer); err != nil {
		return 0, err
	}
	return s.ask()
}

package server13

import (
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// appendRetryECH appends encrypted_client_hello to a HelloRetryRequest: room for
// the confirmation, if the ClientHelloInner was read. Who could not read it
// sends random bytes, so that the network does not learn which of the two it
// was. RFC 9849, sections 7.1 and 7.2.1.
func (s *Server) appendRetryECH(b []byte) ([]byte, error) {
	var confirmation [8]byte
	if s.ECHStatus() == trace.ECHRejected {
		if err := s.Random(confirmation[:]); err != nil {
			return b, err
		}
	} else if !s.Offer.ECH.Inner {
		return b, nil
	}
	return wire.AppendECHConfirmation(b, confirmation), nil
}

// confirmRetry fills in the confirmation of a HelloRetryRequest, which ends with
// it.
func (s *Server) confirmRetry(message []byte) {
	if s.Offer.ECH.Inner {
		s.ConfirmECH(s.suite.Hash, message, len(message)-8, true)
	}
}

// confirmHello fills in that of a ServerHello, which takes the place of a part
// of its random. RFC 9849, section 7.2.
func (s *Server) confirmHello(message []byte) {
	if s.Offer.ECH.Inner {
		s.ConfirmECH(s.suite.Hash, message, handshake.ConfirmationAt, false)
		copy(s.Done.ServerRandom[:], message[wire.HeaderLen+2:])
	}
}

// secondHello gives the second ClientHello that counts, which may have to be
// decrypted. RFC 9849, section 7.1.1.
func (s *Server) secondHello(m msg) ([]byte, error) {
	if s.Opened == nil {
		return m.Raw, nil
	}
	inner, err := s.Opened.Again(m.Body)
	if err == nil {
		s.ShowInner(inner)
	}
	return inner, err
}

// checkSecondInner refuses a second ClientHello that is no ClientHelloInner and
// has to be one.
func (s *Server) checkSecondInner() error {
	if s.Opened == nil {
		return nil
	}
	return s.Offer.CheckInner()
}

// appendRetryConfigs gives a client whose ClientHelloInner was not read what to
// try next. RFC 9849, section 7.1.
func (s *Server) appendRetryConfigs(b []byte) []byte {
	if e := s.Done.ECH; e != nil && e.Status == trace.ECHRejected && len(e.RetryConfigs) > 0 {
		return wire.AppendECHRetryConfigs(b, e.RetryConfigs)
	}
	return b
}

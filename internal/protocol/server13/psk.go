package server13

import (
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/psk"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
)

// onPSKs takes the keys that the host has for this client.
func (s *Server) onPSKs(msg) (state, error) { return s.choosePSK(s.Answer.PSKs) }

// choosePSK answers with an external pre-shared key, or goes on to the
// certificate if none fits. RFC 9846, section 4.3.11.
func (s *Server) choosePSK(keys []*psk.External) (state, error) {
	k, place := negotiate.ExternalPSK(&s.Offer, keys, s.suite.Hash, s.Log)
	if k == nil {
		return s.askCredential()
	}
	s.identity = place
	s.early = schedule.NewEarly(s.suite.Hash, k.Secret)
	if err := s.checkBinder(s.early, k.Binder); err != nil {
		return 0, err
	}
	s.Done.PSK, s.Done.PSKTag = k.From.Identity, k.From.Tag()
	return s.resume()
}

// askCredential goes on to the certificate.
func (s *Server) askCredential() (state, error) {
	if !s.Offer.Has(iana.ExtSignatureAlgorithms) {
		if s.usesPSKs() {
			return 0, s.noPSK()
		}
		return 0, fault.SchemesMissing
	}
	s.Pose(handshake.Ask{Question: handshake.Credential, Offer: &s.Offer})
	return waitCredential, nil
}

// usesPSKs reports whether there may be external pre-shared keys here.
func (s *Server) usesPSKs() bool { return len(s.Config.PSKs) > 0 || s.Config.AskPSKs }

// noPSK says why there is no pre-shared key, where one is needed because there is
// no certificate.
func (s *Server) noPSK() error {
	if s.Offer.Has(iana.ExtPreSharedKey) && !s.Offer.OffersPSK() {
		return fault.PSKModeUnsupported
	}
	return fault.NoSharedPSK
}

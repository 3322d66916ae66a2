package legacy

import (
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// onSignature sends the ServerKeyExchange. RFC 8422, section 5.4.
func (s *Server) onSignature(msg) (state, error) {
	s.Send(iana.MsgServerKeyExchange, wire.AppendServerKeyExchange(s.Out.Message(), s.params, s.scheme, s.Answer.Bytes))
	return s.sendDone(), nil
}

// sendDone asks for a certificate if one is wanted, and ends the flight. RFC
// 5246, sections 7.4.4 and 7.4.5.
func (s *Server) sendDone() state {
	next := state(sWaitClientKeyExchange)
	if s.Config.ClientAuth != handshake.NoClientAuth {
		next = sWaitCertificate
		request := wire.CertificateRequest12{
			Types:       s.certificateTypes(),
			Authorities: wire.AppendNames(nil, s.Config.Authorities),
		}
		if s.dialect.schemes {
			request.Schemes = wire.NewList(sign.OfClients(s.Config.Policy.Schemes))
		}
		s.Send(iana.MsgCertificateRequest, request.Append(s.Out.Message()))
	}
	s.Send(iana.MsgServerHelloDone, wire.AppendEmpty(s.Out.Message(), iana.MsgServerHelloDone))
	return next
}

// certificateTypes are the keys that clients may have. RFC 5246, section 7.4.4.
func (s *Server) certificateTypes() []byte {
	types := []byte{byte(iana.CertRSASign), byte(iana.CertECDSASign)}
	if s.Config.Policy.Accepts(iana.DSASHA1) {
		types = append(types, byte(iana.CertDSSSign))
	}
	return types
}

// onCertificate is WAIT_CERT: the client shows who it is, or that it will not.
// RFC 5246, section 7.4.6.
func (s *Server) onCertificate(m msg) (state, error) {
	s.Transcript.Write(m.Raw)
	peer, err := handshake.ReadPeer12(m.Body, s.Done.PeerType)
	if err != nil {
		return 0, err
	}
	if peer == nil {
		if s.Config.ClientAuth == handshake.RequireClientAuth {
			return 0, fault.CertificateMissing12
		}
		return sWaitClientKeyExchange, nil
	}
	if err := s.AcceptsKey(peer.Key); err != nil {
		return 0, err
	}
	if !s.canUse(peer.Key) {
		return 0, fault.With(fault.CertificateKeyUnsupported, "%v", sign.KindOf(peer.Key))
	}
	s.Done.Peer = peer
	s.Pose(handshake.Ask{Question: handshake.Verdict, Peer: peer})
	return sWaitVerdict, nil
}

func (s *Server) onVerdict(msg) (state, error) {
	return sWaitClientKeyExchange, handshake.Verdicted(s.Answer.Err)
}

// onClientKeyExchange is WAIT_CKE. RFC 5246, section 7.4.7; RFC 8422, section
// 5.7.
func (s *Server) onClientKeyExchange(m msg) (state, error) {
	exchange, err := wire.ParseClientKeyExchange(m.Body, s.exchangeLength())
	if err != nil {
		return 0, err
	}
	s.Transcript.Write(m.Raw)
	return s.method.accept(s, exchange)
}

func (s *Server) exchanged(premaster []byte) state {
	s.deriveMaster(premaster)
	if s.Done.Peer != nil {
		return sWaitCertificateVerify
	}
	s.Transcript.Drop()
	return sWaitChangeCipherSpec
}

// onCertificateVerify is WAIT_CV: the client proves that it has the key. RFC
// 5246, section 7.4.8.
func (s *Server) onCertificateVerify(m msg) (state, error) {
	v, err := wire.ParseCertificateVerify12(m.Body, s.dialect.schemes)
	if err != nil {
		return 0, err
	}
	if err := s.accepts(v.Scheme); err != nil {
		return 0, err
	}
	if err := s.Done.Peer.MaySign(); err != nil {
		return 0, err
	}
	if err := sign.Verify(v.Scheme|s.dialect.proofScheme, s.Done.Version, s.Done.Peer.Key, s.dialect.proof(&s.common), v.Signature); err != nil {
		return 0, err
	}
	s.Done.PeerScheme = v.Scheme
	s.Transcript.Drop()
	s.Transcript.Write(m.Raw)
	return sWaitChangeCipherSpec, nil
}

func (s *Server) onChangeCipherSpec(msg) (state, error) {
	s.Out.ReadKeys(s.client)
	return sWaitFinished, nil
}

// onFinished is WAIT_FINISHED: the client shows that it saw the handshake we
// saw. RFC 5246, section 7.4.9.
func (s *Server) onFinished(m msg) (state, error) {
	want := s.verifyData(false)
	if !s.isVerifyData(m.Body, &want) {
		return 0, fault.FinishedWrong
	}
	s.Done.ClientVerify = want
	s.Transcript.Write(m.Raw)
	return s.Approve(sWaitApproval, s.finish)
}

func (s *Server) onApproval(msg) (state, error) {
	return s.IfYes(s.finish)
}

// finish ends the handshake. A full one ends with the server's Finished.
func (s *Server) finish() (state, error) {
	if !s.resumed {
		if err := s.sendTicket(); err != nil {
			return 0, err
		}
		s.sendFinished(true)
	}
	s.Out.Complete()
	return sConnected, nil
}

// sendTicket gives the client a ticket if it was announced. RFC 5077, section
// 3.3.
func (s *Server) sendTicket() error {
	if !s.ticket {
		return nil
	}
	kept := session.State{
		Version: s.Done.Version, Suite: s.suite.ID, Group: s.Done.Group, Secret: s.Done.Master[:], EMS: s.ems, EtM: s.etm,
		ALPN: s.Done.ALPN, ServerName: s.Offer.ServerName, PeerScheme: s.Done.PeerScheme, OwnType: s.Done.OwnType,
		Created: s.Now, Began: s.Began(), Lifetime: SessionLifetime, PSK: s.Done.PSK, PSKTag: s.Done.PSKTag,
	}
	if s.resumed { // or it would never grow old
		kept.Created = s.made
	}
	if s.Done.Peer != nil {
		kept.Chain, kept.RawKey = s.Done.Peer.Chain, s.Done.Peer.RawPublicKey
	}
	ticket, err := s.Config.Tickets.Seal(s.Config.Rand, s.Now, &kept)
	if err != nil {
		return fault.With(fault.Internal, "ticket: %w", err)
	}
	m := wire.NewSessionTicket12{Lifetime: SessionLifetime, Ticket: ticket}
	s.Send(iana.MsgNewSessionTicket, m.Append(s.Out.Message()))
	return nil
}

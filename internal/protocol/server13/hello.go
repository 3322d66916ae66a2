package server13

import (
	"bytes"
	"crypto/hmac"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/kex"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// maxIdentities is how many sessions of a client's list are looked at.
const maxIdentities = 5

// onHello is START: the ClientHello is in the core, its version is chosen.
// RFC 9846, section 4.2.1.
func (s *Server) onHello(msg) (state, error) {
	if s.Offer.Has(iana.ExtEarlyData) {
		s.Done.Early = new(handshake.EarlyData)
	}
	if err := s.checkHello(); err != nil {
		return 0, err
	}
	id, err := negotiate.Suite13(&s.Offer, s.Config.Policy, s.Config.PSKs, s.Log)
	if err != nil {
		return 0, err
	}
	s.suite, _ = suite.Of(id)
	s.Done.Suite = id
	s.group, s.share, err = negotiate.Group13(&s.Offer, s.Config.Policy, s.Log)
	if err != nil {
		return 0, err
	}
	s.Transcript.Start(s.suite.Hash)
	if s.share == nil {
		offered, _ := negotiate.ExternalPSK(&s.Offer, s.Config.PSKs, s.suite.Hash, nil)
		s.promised = offered != nil
		return s.retry()
	}
	return s.negotiate()
}

// checkHello refuses what is wrong in a ClientHello of TLS 1.3 whatever is
// chosen. RFC 9846, sections 4.2.2, 4.3.9 and 9.2.
func (s *Server) checkHello() error {
	o := &s.Offer
	if err := o.CheckPSK(); err != nil {
		return err
	}
	switch {
	case !bytes.Equal(o.Hello.Compression, []byte{byte(iana.CompressionNull)}):
		return fault.CompressionWrong
	case o.Has(iana.ExtPreSharedKey) && !o.Has(iana.ExtPSKKeyExchangeModes):
		return fault.PSKModeMissing
	case o.Has(iana.ExtKeyShare) && !o.Has(iana.ExtSupportedGroups):
		return fault.MissingGroups
	case o.Has(iana.ExtSupportedGroups) && !o.Has(iana.ExtKeyShare):
		return fault.MissingKeyShare
	case !o.Has(iana.ExtPreSharedKey) && !o.Has(iana.ExtSignatureAlgorithms):
		return fault.SchemesMissing
	}
	return nil
}

// retry asks for a key share of the group. RFC 9846, section 4.2.4.
func (s *Server) retry() (state, error) {
	s.Transcript.Write(s.Hello)
	s.Transcript.Retry()
	s.Done.Retried = true
	hello := wire.ServerHello{
		Version:     iana.TLS12,
		Random:      wire.RetryRandom[:],
		SessionID:   s.Offer.Hello.SessionID,
		CipherSuite: s.suite.ID,
	}
	b, block := hello.Open(s.Out.Message())
	b = wire.AppendSupportedVersionsServer(b, iana.TLS13)
	b = wire.AppendKeyShareRetry(b, s.group)
	b, err := s.appendRetryECH(b)
	if err != nil {
		return 0, err
	}
	b = block.Close(b)
	s.confirmRetry(b[len(s.Out.Message()):])
	s.Send(iana.MsgServerHello, b)
	s.changeCipherSpec()
	s.FirstHello = append([]byte(nil), s.Hello...)
	return waitHello2, nil
}

// onSecondHello takes the ClientHello that answers a HelloRetryRequest. It may
// differ from the first in what RFC 9846, section 4.2.2, lists.
func (s *Server) onSecondHello(m msg) (state, error) {
	first, err := negotiate.ReadOffer(s.FirstHello[wire.HeaderLen:])
	if err != nil {
		return 0, err
	}
	raw, err := s.secondHello(m)
	if err != nil {
		return 0, err
	}
	s.Hello = append(s.Hello[:0], raw...)
	if s.Offer, err = negotiate.ReadOffer(s.Hello[wire.HeaderLen:]); err != nil {
		return 0, err
	}
	if err := s.checkHello(); err != nil {
		return 0, err
	}
	if err := s.checkSecondInner(); err != nil {
		return 0, err
	}
	if err := negotiate.SameOffer(&first, &s.Offer); err != nil {
		return 0, err
	}
	if err := s.keptPSK(); err != nil {
		return 0, err
	}
	var ok bool
	if s.share, ok = s.Offer.KeyShares.Get(s.group); !ok || s.Offer.KeyShares.Count() != 1 {
		return 0, fault.With(fault.KeyShareWrong, "the only key share has to be for %v", s.group)
	}
	return s.negotiate()
}

// keptPSK refuses a second ClientHello that leaves out the external pre-shared
// key that was to be chosen: only those may go that the suite does not go with.
// RFC 9846, section 4.2.2.
func (s *Server) keptPSK() error {
	if !s.promised {
		return nil
	}
	if !s.Offer.Has(iana.ExtPreSharedKey) {
		return fault.PSKGone
	}
	if kept, _ := negotiate.ExternalPSK(&s.Offer, s.Config.PSKs, s.suite.Hash, nil); kept == nil {
		return fault.PSKRemoved
	}
	return nil
}

// negotiate goes on once there is a key share: the application protocol, then
// a session, then a certificate.
func (s *Server) negotiate() (state, error) {
	var err error
	if s.Done.ALPN, err = negotiate.Protocol(&s.Offer, s.Config.Protocols, s.Log); err != nil {
		return 0, err
	}
	s.Done.Group = s.group
	return s.nextSession()
}

// nextSession asks for the next session that the client offers, or goes on to
// external pre-shared keys. RFC 9846, section 4.3.11.
func (s *Server) nextSession() (state, error) {
	o := &s.Offer
	if s.Config.Tickets != nil && s.identity < maxIdentities && o.OffersPSK() {
		if id, ok := o.PSK.Identity(s.identity); ok {
			s.Pose(handshake.Ask{Question: handshake.Session, Offer: o, Ticket: id.Identity, Keys: s.Config.Tickets})
			return waitSession, nil
		}
	}
	if s.considersEarly() {
		s.RejectEarly(s.whyNotEarly())
	}
	if s.Config.AskPSKs && o.OffersPSK() {
		s.Pose(handshake.Ask{Question: handshake.PSKs, Offer: o})
		return waitPSKs, nil
	}
	return s.choosePSK(s.Config.PSKs)
}

// onSession takes the session that the host found, if it found one. RFC 9846,
// section 4.3.11: what does not fit is passed over, a wrong binder is fatal.
func (s *Server) onSession(msg) (state, error) {
	found := s.Answer.Session
	if why := s.unfit(found); why != 0 {
		return s.refuse(why)
	}
	early := schedule.NewEarly(s.suite.Hash, found.Secret)
	if err := s.checkBinder(early, schedule.ResumptionBinder); err != nil {
		return 0, err
	}
	s.Log.Chose(trace.Session, uint16(s.identity))
	s.session, s.early = found, early
	s.Done.Resume(found)
	return s.Reverified(waitResumptionVerdict, s.resumeEarly)
}

// onResumptionVerdict takes the host's word on the chain that the client showed
// when the session was made.
func (s *Server) onResumptionVerdict(msg) (state, error) {
	return s.IfYes(s.resumeEarly)
}

// resume answers with the flight of a resumption.
func (s *Server) resume() (state, error) {
	if err := s.sendHello(); err != nil {
		return 0, err
	}
	return s.sendFinished(), nil
}

// unfit says why a session cannot be resumed here, 0 if it can.
func (s *Server) unfit(found *session.State) trace.Why {
	switch {
	case found == nil:
		return trace.Unknown
	case found.Version != iana.TLS13:
		return trace.WrongVersion
	case found.Hash() != s.suite.Hash:
		return trace.WrongHash
	case found.Expired(s.Now):
		return trace.Expired
	case found.ServerName != s.Offer.ServerName,
		s.Config.ClientAuth == handshake.RequireClientAuth && !found.HasPeer() && found.PSK == nil,
		s.Config.ClientAuth == handshake.NoClientAuth && found.HasPeer(),
		!s.AcceptsPeerOf(found):
		return trace.WrongContext
	}
	return 0
}

// checkBinder verifies the proof that the client has the pre-shared key. RFC
// 9846, section 4.3.11.2: over the ClientHello up to the list of binders.
func (s *Server) checkBinder(early schedule.Early, kind schedule.Binder) error {
	binder, ok := s.Offer.PSK.Binder(s.identity)
	if !ok {
		return fault.BinderCount
	}
	var hash, mac [48]byte
	truncated := s.Hello[:len(s.Hello)-s.Offer.PSK.BindersLen()]
	key := early.BinderKey(kind)
	want := key.FinishedMAC(mac[:0], s.Transcript.SumWith(hash[:0], truncated))
	if !hmac.Equal(binder, want) {
		return fault.BinderWrong
	}
	return nil
}

// sendHello sends the ServerHello and the EncryptedExtensions, and installs
// the keys of the handshake. RFC 9846, sections 4.2.3 and 4.4.1.
func (s *Server) sendHello() error {
	var buf [kex.MaxShare + kex.MaxSecret]byte
	share, secret, err := kex.Respond(s.group, s.Config.Rand, s.share, buf[:0:kex.MaxShare], buf[kex.MaxShare:kex.MaxShare])
	if err != nil {
		return err
	}
	if err := s.Random(s.Done.ServerRandom[:]); err != nil {
		return err
	}
	s.Transcript.Write(s.Hello)
	if s.Done.Early.Accepted() {
		s.readEarly()
	}
	hello := wire.ServerHello{
		Version:     iana.TLS12,
		Random:      s.Done.ServerRandom[:],
		SessionID:   s.Offer.Hello.SessionID,
		CipherSuite: s.suite.ID,
	}
	b, block := hello.Open(s.Out.Message())
	b = wire.AppendSupportedVersionsServer(b, iana.TLS13)
	b = wire.AppendKeyShareServer(b, s.group, share)
	if s.session != nil || s.Done.PSK != nil {
		b = wire.AppendPreSharedKeyServer(b, uint16(s.identity))
	}
	b = block.Close(b)
	s.confirmHello(b[len(s.Out.Message()):])
	s.ServerHello = append(s.ServerHello[:0], s.Send(iana.MsgServerHello, b)...)
	s.changeCipherSpec()
	s.handshakeKeys(secret)
	clear(buf[:])
	s.sendEncryptedExtensions()
	return nil
}

// handshakeKeys derives the secrets of the handshake from the shared secret
// and changes to their keys. RFC 9846, section 7.1.
func (s *Server) handshakeKeys(secret []byte) {
	if s.session == nil && s.Done.PSK == nil {
		s.early = schedule.NewEarly(s.suite.Hash, nil)
	}
	var buf [48]byte
	th := s.Transcript.Sum(buf[:0])
	s.secrets = s.early.Handshake(secret)
	s.clientHS, s.serverHS = s.secrets.ClientTraffic(th), s.secrets.ServerTraffic(th)
	s.KeyLog("CLIENT_HANDSHAKE_TRAFFIC_SECRET", s.clientHS.Bytes())
	s.KeyLog("SERVER_HANDSHAKE_TRAFFIC_SECRET", s.serverHS.Bytes())
	s.writeKeys(s.serverHS)
	if !s.Done.Early.Accepted() {
		s.readKeys(s.clientHS)
	}
	s.master = s.secrets.Master()
}

// sendEncryptedExtensions answers what concerns the connection. RFC 9846,
// section 4.4.1.
func (s *Server) sendEncryptedExtensions() {
	limits := negotiate.ServerLimits(&s.Offer, s.Config.RecordSizeLimit, iana.TLS13)
	s.Done.ReadLimit, s.Done.WriteLimit = limits.Read, limits.Write
	b, block := wire.OpenEncryptedExtensions(s.Out.Message())
	if s.Offer.ServerName != "" && s.session == nil && !s.Config.NoNameAnswer {
		b = wire.AppendServerNameServer(b)
	}
	if s.Done.ALPN != "" {
		b = wire.AppendALPN(b, s.Done.ALPN)
	}
	b = limits.Append(b)
	b = s.appendEarlyData(b)
	b = s.appendRetryConfigs(b)
	b = s.AppendTypes(b)
	s.Send(iana.MsgEncryptedExtensions, block.Close(b))
}

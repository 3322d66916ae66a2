package legacy

import (
	"bytes"
	"crypto/hmac"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// onHello is START: the ClientHello is in the core, its version is chosen. RFC
// 5246, section 7.4.1.2.
func (s *Server) onHello(msg) (state, error) {
	if err := s.begin(); err != nil {
		return 0, err
	}
	if s.dialect.noBlock {
		s.Offer.WithoutBlock()
	}
	if err := s.checkHello(); err != nil {
		return 0, err
	}
	var err error
	if s.Done.ALPN, err = negotiate.Protocol(&s.Offer, s.Config.Protocols, s.Log); err != nil {
		return 0, err
	}
	if s.Before != nil {
		s.Done.ALPN = s.Before.ALPN
	}
	s.ems = s.Offer.Has(iana.ExtExtendedMasterSecret)
	s.ticket = s.Config.Tickets != nil && !s.Config.Policy.NoTickets && s.Offer.Has(iana.ExtSessionTicket)
	switch {
	case s.ticket && len(s.Offer.Ticket) > 0:
		s.Pose(handshake.Ask{Question: handshake.Session, Offer: &s.Offer, Ticket: s.Offer.Ticket, Keys: s.Config.Tickets})
		return sWaitSession, nil
	case s.Config.SessionIDs && len(s.Offer.Hello.SessionID) > 0:
		s.Pose(handshake.Ask{Question: handshake.Session, Offer: &s.Offer, SessionID: s.Offer.Hello.SessionID})
		return sWaitSession, nil
	}
	return s.full()
}

// checkHello refuses what is wrong whatever is chosen.
func (s *Server) checkHello() error {
	o := &s.Offer
	switch {
	case bytes.IndexByte(o.Hello.Compression, byte(iana.CompressionNull)) < 0:
		return fault.CompressionWrong
	case o.Has(iana.ExtECPointFormats) && bytes.IndexByte(o.PointFormats, byte(iana.PointUncompressed)) < 0:
		return fault.PointFormatMissing
	}
	return s.checkRenegotiation()
}

// checkRenegotiation compares renegotiation_info with the handshake before, if
// there was one. RFC 5746, sections 3.6 and 3.7; RFC 7627, section 5.4.
func (s *Server) checkRenegotiation() error {
	o := &s.Offer
	signal := o.Hello.CipherSuites.Has(iana.TLS_EMPTY_RENEGOTIATION_INFO_SCSV)
	s.Done.Secure = o.Has(iana.ExtRenegotiationInfo) || signal
	switch {
	case !hmac.Equal(o.Renegotiated, s.Before.VerifyData(false)):
		return fault.RenegotiationMismatch
	case s.Config.RequireSecure && !s.Done.Secure:
		return fault.RenegotiationUnsafe
	case s.Before == nil:
		return nil
	case signal:
		return fault.With(fault.RenegotiationMismatch, "%v in a renegotiation", iana.TLS_EMPTY_RENEGOTIATION_INFO_SCSV)
	case o.ServerName != s.Before.ServerName:
		return fault.With(fault.RenegotiationMismatch, "the client asks for %q in place of %q", o.ServerName, s.Before.ServerName)
	case o.Has(iana.ExtExtendedMasterSecret) != s.Before.EMS:
		return fault.RenegotiationEMS
	}
	return nil
}

// full begins a full handshake: with a pre-shared key if that is possible, else
// with a certificate.
func (s *Server) full() (state, error) {
	if s.sharedSuite() {
		return s.shared()
	}
	s.Pose(handshake.Ask{Question: handshake.Credential, Offer: &s.Offer})
	return sWaitCredential, nil
}

// onSession takes the session that the host found, if it found one.
func (s *Server) onSession(msg) (state, error) {
	found := s.Answer.Session
	why, err := s.unfit(found)
	if err != nil {
		return 0, err
	}
	if why != 0 {
		s.Log.Refused(trace.Session, 0, why)
		return s.full()
	}
	s.Log.Chose(trace.Session, 0)
	return s.resume(found)
}

// unfit says why a session cannot be resumed here, 0 if it can. RFC 7627,
// section 5.3, makes one case fatal.
func (s *Server) unfit(found *session.State) (trace.Why, error) {
	switch {
	case found == nil:
		return trace.Unknown, nil
	case found.Version != s.Done.Version:
		return trace.WrongVersion, nil
	case found.Expired(s.Now):
		return trace.Expired, nil
	case !s.Offer.Hello.CipherSuites.Has(found.Suite):
		return trace.NotOffered, nil
	case !s.Config.Policy.AllowsSuite(found.Suite):
		return trace.NotAllowed, nil
	case found.EMS && !s.ems:
		return 0, fault.EMSMissing
	case negotiate.Outranked(&s.Offer, s.Config.Policy, found.Version, found.Suite):
		return trace.Outranked, nil
	case found.EMS != s.ems, found.ServerName != s.Offer.ServerName,
		s.Config.ClientAuth == handshake.RequireClientAuth && !found.HasPeer() && found.PSK == nil,
		s.Config.ClientAuth == handshake.NoClientAuth && found.HasPeer(),
		!s.AcceptsPeerOf(found):
		return trace.WrongContext, nil
	}
	return 0, nil
}

// resume answers with an abbreviated handshake. RFC 5246, section 7.3.
func (s *Server) resume(found *session.State) (state, error) {
	params, ok := suite.Of(found.Suite)
	if !ok {
		return 0, fault.With(fault.Internal, "%v is not implemented", found.Suite)
	}
	s.resumed, s.made, s.Done.Group, s.Done.SessionID = true, found.Created, found.Group, found.ID
	s.Done.Resume(found)
	s.ticket = s.ticket && s.Answer.Renew
	s.useSuite(params)
	s.etm = s.Offer.Has(iana.ExtEncryptThenMAC) && params.CBC()
	copy(s.Done.Master[:], found.Secret)
	return s.Reverified(sWaitResumptionVerdict, s.sendResumption)
}

// onResumptionVerdict takes the host's word on the chain that the client showed
// when the session was made.
func (s *Server) onResumptionVerdict(msg) (state, error) {
	return s.IfYes(s.sendResumption)
}

// sendResumption sends the flight of an abbreviated handshake.
func (s *Server) sendResumption() (state, error) {
	if err := s.sendHello(s.Offer.Hello.SessionID); err != nil {
		return 0, err
	}
	s.useMaster()
	if err := s.sendTicket(); err != nil {
		return 0, err
	}
	s.sendFinished(true)
	return sWaitChangeCipherSpec, nil
}

// onCredential chooses the suite that goes with the certificate, and sends the
// flight up to the signature.
func (s *Server) onCredential(msg) (state, error) {
	// Which of the two is chosen shows with the suite; what there is none of is
	// said at once.
	if s.group = negotiate.GroupLegacy(&s.Offer, s.Config.Policy, nil); s.group == 0 {
		negotiate.GroupLegacy(&s.Offer, s.Config.Policy, s.Log)
	}
	if s.finite = negotiate.FiniteLegacy(&s.Offer, s.Config.Policy, nil); s.finite == 0 {
		negotiate.FiniteLegacy(&s.Offer, s.Config.Policy, s.Log)
	}
	var err error
	switch s.cred, err = s.ChooseCredential(s.suits, s.fits); {
	case err != nil:
		return 0, err
	case s.cred == nil && s.usesPSKs():
		return 0, fault.With(fault.NoSharedSuite, "none of a pre-shared key, and there is no certificate")
	case s.cred == nil:
		return 0, fault.NoCertificate
	}
	s.Done.Local, s.Done.OwnType = s.cred, s.cred.Type()
	if err := s.ChooseTypes(); err != nil {
		return 0, err
	}
	if err := s.useChoice(); err != nil {
		return 0, err
	}
	if err := s.sendHello(s.newSessionID()); err != nil {
		return 0, err
	}
	s.Send(iana.MsgCertificate, wire.AppendCertificate12(s.Out.Message(), s.cred.List12()))
	if s.staples() {
		status := wire.CertificateStatus{Type: iana.StatusOCSP, Response: s.cred.OCSPStaple}
		s.Send(iana.MsgCertificateStatus, status.Append(s.Out.Message()))
	}
	if !s.method.signs {
		return s.sendDone(), nil
	}
	if err := s.method.offer(s); err != nil {
		return 0, err
	}
	s.Pose(handshake.Ask{Question: handshake.Signature, Credential: s.cred, Scheme: s.scheme, Content: s.signedParams(s.params)})
	return sWaitSignature, nil
}

// suits refuses a credential that the client may not be able to verify.
func (s *Server) suits(c *sign.Credential) error {
	return negotiate.CertificateSignatures(s.Offer.Schemes, s.Offer.SchemesCert, c)
}

// fits refuses a credential with which no suite can be had, or chooses the suite
// and how to sign.
func (s *Server) fits(c *sign.Credential) error {
	if c.Delegated != nil { // RFC 9345, section 4.1.1: TLS 1.3 only
		return fault.NoSharedScheme12
	}
	if err := negotiate.ServerCredential(&s.Offer, c); err != nil {
		return err
	}
	if err := negotiate.CertificateCurve(&s.Offer, c.Public()); err != nil {
		return err
	}
	scheme, schemeErr := s.chooseScheme(s.Offer.LegacySchemes(), c)
	id, err := negotiate.SuiteLegacy(&s.Offer, s.Config.Policy, negotiate.Legacy{
		Version: s.Done.Version,
		Group:   s.group != 0,
		Finite:  s.finite != 0,
		Against: func(p suite.Params) trace.Why {
			switch m := &methods[p.KeyExchange]; {
			case !negotiate.KeyFits(p, c.Kind()), m.encrypts && !negotiate.Decrypts(c):
				return trace.NoKey
			case m.signs && schemeErr != nil:
				return trace.NoScheme
			}
			return 0
		},
	}, s.Log)
	switch {
	case err == nil:
		s.suite, _ = suite.Of(id)
		s.scheme = scheme
		return nil
	case schemeErr != nil:
		return fault.NoSharedScheme12
	}
	return err
}

// useChoice goes on with the suite that was chosen.
func (s *Server) useChoice() error {
	s.useSuite(s.suite)
	s.etm = s.Offer.Has(iana.ExtEncryptThenMAC) && s.suite.CBC()
	if s.method.signs {
		s.Done.Scheme = s.scheme
	}
	return s.keepsEtM()
}

// newSessionID gives the ID under which the session will be kept, none if it
// will not be.
func (s *Server) newSessionID() []byte {
	if !s.Config.SessionIDs || s.ticket {
		return nil
	}
	if s.Random(s.sessionID[:]) != nil {
		return nil
	}
	s.Done.SessionID = bytes.Clone(s.sessionID[:]) // it outlives the machine
	return s.sessionID[:]
}

func (s *Server) staples() bool {
	return s.cred != nil && s.cred.OCSPStaple != nil && s.Staples()
}

// sendHello sends the ServerHello. RFC 5246, section 7.4.1.3. Without a block
// of extensions in the ClientHello there is none here (RFC 5246, section
// 7.4.1.4).
func (s *Server) sendHello(id []byte) error {
	if err := s.Random(s.Done.ServerRandom[:]); err != nil {
		return err
	}
	if s.Config.Policy.Highest() >= s.dialect.newer {
		copy(s.Done.ServerRandom[24:], s.dialect.downgrade)
	}
	s.Transcript.Write(s.HelloSent())
	if s.Config.ClientAuth != handshake.NoClientAuth && !s.resumed {
		s.Transcript.Keep(s.HelloSent())
	}
	hello := wire.ServerHello{Version: s.Done.Version, Random: s.Done.ServerRandom[:], SessionID: id, CipherSuite: s.suite.ID}
	limits := negotiate.ServerLimits(&s.Offer, s.Config.RecordSizeLimit, s.Done.Version)
	s.Done.ReadLimit, s.Done.WriteLimit = limits.Read, limits.Write
	b, block := hello.Open(s.Out.Message())
	b = limits.Append(s.appendExtensions(b))
	s.ServerHello = append(s.ServerHello[:0], s.Send(iana.MsgServerHello, block.CloseHello(b))...)
	if limits.MaxFragment > 0 {
		s.Out.Limits() // from here on; record_size_limit is for protected records
	}
	return nil
}

func (s *Server) appendExtensions(b []byte) []byte {
	o := &s.Offer
	if s.Done.Secure {
		b = wire.AppendRenegotiationInfo(b, s.Before.VerifyData(true))
	}
	if o.ServerName != "" && o.Has(iana.ExtServerName) && !s.resumed && !s.Config.NoNameAnswer {
		b = wire.AppendServerNameServer(b)
	}
	if s.ems {
		b = wire.AppendExtension(b, iana.ExtExtendedMasterSecret, nil)
	}
	if s.etm {
		b = wire.AppendExtension(b, iana.ExtEncryptThenMAC, nil)
	}
	if s.ticket {
		b = wire.AppendExtension(b, iana.ExtSessionTicket, nil)
	}
	b = s.AppendTypes(b)
	if s.Done.ALPN != "" && s.Before == nil {
		b = wire.AppendALPN(b, s.Done.ALPN)
	}
	if o.Has(iana.ExtECPointFormats) && s.method.curves {
		b = wire.AppendECPointFormats(b)
	}
	if s.staples() {
		b = wire.AppendExtension(b, iana.ExtStatusRequest, nil)
	}
	if s.cred != nil && len(s.cred.SCTs) > 0 && s.SendsSCTs() {
		b = wire.AppendSCTs(b, s.cred.SCTs)
	}
	return b
}

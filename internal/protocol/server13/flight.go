package server13

import (
	"bytes"
	"crypto/hmac"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/record"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

func (s *Server) writeKeys(k schedule.Secret) { s.Out.WriteKeys(record.Keys13(s.suite.ID, k)) }
func (s *Server) readKeys(k schedule.Secret)  { s.Out.ReadKeys(record.Keys13(s.suite.ID, k)) }

// changeCipherSpec is for middleboxes that expect it, once. RFC 9846, appendix
// E.4: a client with a session ID has to be sent one, others have to bear it.
func (s *Server) changeCipherSpec() {
	if !s.sentCCS {
		s.Out.ChangeCipherSpec()
		s.sentCCS = true
	}
}

// onCredential sends the flight up to the signature. RFC 9846, sections 4.4
// and 4.5.
func (s *Server) onCredential(msg) (state, error) {
	var err error
	switch s.cred, err = s.ChooseCredential(s.suits, s.fits); {
	case err != nil:
		return 0, err
	case s.cred == nil && s.usesPSKs():
		return 0, s.noPSK()
	case s.cred == nil:
		return 0, fault.NoCertificate
	}
	s.Done.Scheme, s.Done.Local, s.Done.OwnType = s.scheme, s.cred, s.cred.Type()
	if err := s.ChooseTypes(); err != nil {
		return 0, err
	}
	if err := s.sendHello(); err != nil {
		return 0, err
	}
	s.sendCertificateRequest()
	s.SendCertificate13(s.cred, s.Offer.Compressions, s.Staples(), s.SendsSCTs())

	var hash [48]byte
	content := sign.AppendContent13(s.content[:0], true, s.Transcript.Sum(hash[:0]))
	s.Pose(handshake.Ask{Question: handshake.Signature, Credential: s.cred, Scheme: s.scheme, Content: content})
	return waitSignature, nil
}

// suits refuses a credential that the client may not be able to verify.
func (s *Server) suits(c *sign.Credential) error {
	return negotiate.CertificateSignatures(s.Offer.Schemes, s.Offer.SchemesCert, c)
}

// fits refuses a credential that the client cannot verify, or chooses how to
// sign with it.
func (s *Server) fits(c *sign.Credential) (err error) {
	if err := negotiate.ServerCredential(&s.Offer, c); err != nil {
		return err
	}
	s.scheme, err = negotiate.Scheme13(negotiate.ServerSchemes(s.Offer.Schemes), s.Offer.Delegates, c, s.Now, s.Config.Policy, s.Log)
	return err
}

// grease gives a value that keeps clients tolerant of what they do not know, 0
// if there is to be none. It comes from the server's random. RFC 8701, section
// 4.
func (s *Server) grease() uint16 {
	if s.Config.NoGREASE {
		return 0
	}
	return uint16(s.Done.ServerRandom[0]&0xf0|0x0a) * 0x0101
}

// sendCertificateRequest asks the client for a certificate, with the names of
// the authorities that are trusted here. RFC 9846, section 4.4.2.
func (s *Server) sendCertificateRequest() {
	if s.Config.ClientAuth == handshake.NoClientAuth {
		return
	}
	s.askedCertificate = true
	s.requestCertificate()
}

// requestCertificate sends the CertificateRequest, with the context in the core.
func (s *Server) requestCertificate() []byte {
	b, block := wire.OpenCertificateRequest13(s.Out.Message(), s.Context)
	schemes := sign.OfClients(s.Config.Policy.Schemes)
	if grease := s.grease(); grease != 0 {
		schemes = append([]iana.SignatureScheme{iana.SignatureScheme(grease)}, schemes...)
		b = wire.AppendExtension(b, iana.ExtensionType(grease), nil)
	}
	b = wire.AppendSignatureAlgorithms(b, schemes)
	if certs := s.Config.Policy.CertificateSchemes; len(certs) > 0 {
		b = wire.AppendSignatureAlgorithmsCert(b, certs)
	}
	if len(s.Config.Authorities) > 0 {
		b = wire.AppendCertificateAuthorities(b, s.Config.Authorities)
	}
	if s.Config.ClientStatus {
		b = wire.AppendExtension(b, iana.ExtStatusRequest, nil) // empty here: RFC 9846, section 4.5.1.2
		b = wire.AppendExtension(b, iana.ExtSCT, nil)
		s.Asked.Add(iana.ExtStatusRequest)
		s.Asked.Add(iana.ExtSCT)
	}
	if b = s.AppendCompressions(b); len(s.Config.Decompress) > 0 {
		s.Asked.Add(iana.ExtCompressCertificate)
	}
	if s.Config.AcceptDelegated {
		b = s.AppendDelegates(b)
		s.Asked.Add(iana.ExtDelegatedCredential)
	}
	return s.Send(iana.MsgCertificateRequest, block.Close(b))
}

// onSignature completes the flight. RFC 9846, sections 4.5.2 and 4.5.3.
func (s *Server) onSignature(msg) (state, error) {
	verify := wire.CertificateVerify{Scheme: s.scheme, Signature: s.Answer.Bytes}
	s.Send(iana.MsgCertificateVerify, verify.Append(s.Out.Message()))
	return s.sendFinished(), nil
}

// sendFinished ends the server's flight: from here on it may send application
// data.
func (s *Server) sendFinished() state {
	var hash, mac [48]byte
	finished := wire.Finished{VerifyData: s.serverHS.FinishedMAC(mac[:0], s.Transcript.Sum(hash[:0]))}
	s.Send(iana.MsgFinished, finished.Append(s.Out.Message()))

	th := s.Transcript.Sum(hash[:0])
	s.Done.ReadTraffic, s.Done.WriteTraffic = s.master.ClientTraffic(th), s.master.ServerTraffic(th)
	s.Done.Exporter = s.master.Exporter(th)
	s.KeyLog("CLIENT_TRAFFIC_SECRET_0", s.Done.ReadTraffic.Bytes())
	s.KeyLog("SERVER_TRAFFIC_SECRET_0", s.Done.WriteTraffic.Bytes())
	s.KeyLog("EXPORTER_SECRET", s.Done.Exporter.Bytes())
	s.writeKeys(s.Done.WriteTraffic)
	switch {
	case s.Done.Early.Accepted():
		return waitEndOfEarlyData
	case s.askedCertificate:
		return waitCertificate
	}
	return waitFinished
}

// onCertificate is WAIT_CERT: the client shows who it is, or that it will not.
// RFC 9846, section 4.5.1.
func (s *Server) onCertificate(m msg) (state, error) { return s.takeCertificate(m.Body, m.Raw) }

// onCompressedCertificate is WAIT_CERT as well. RFC 8879, section 4.
func (s *Server) onCompressedCertificate(m msg) (state, error) {
	body, err := s.Decompress(m)
	if err != nil {
		return 0, err
	}
	return s.takeCertificate(body, m.Raw)
}

// takeCertificate goes on with the body of a Certificate; raw is the message as
// it came.
func (s *Server) takeCertificate(body, raw []byte) (state, error) {
	if err := s.readCertificate(body, raw); err != nil || s.Done.Peer == nil {
		return waitFinished, err
	}
	return waitVerdict, nil
}

// readCertificate reads what the client shows, if it does, and asks for the
// verdict on it.
func (s *Server) readCertificate(body, raw []byte) error {
	shown, err := wire.ParseCertificate13(body)
	if err != nil {
		return err
	}
	s.Transcript.Write(raw)
	if !bytes.Equal(shown.Context, s.Context) {
		return fault.RequestContextWrong
	}
	peer, err := handshake.ReadPeer13(&shown, s.Asked, s.Done.PeerType)
	switch {
	case err != nil:
		return err
	case peer == nil && s.Config.ClientAuth == handshake.RequireClientAuth:
		return fault.CertificateMissing
	case peer == nil:
		return nil
	}
	if err := s.AcceptsKey(peer.Key); err != nil {
		return err
	}
	if err := s.CheckDelegation(peer, false); err != nil {
		return err
	}
	s.Done.Peer = peer
	s.Pose(handshake.Ask{Question: handshake.Verdict, Peer: peer})
	return nil
}

// onVerdict takes the host's word on the client's chain.
func (s *Server) onVerdict(msg) (state, error) {
	return waitCertificateVerify, handshake.Verdicted(s.Answer.Err)
}

// onCertificateVerify is WAIT_CV: the client proves that it has the key. RFC
// 9846, section 4.5.2.
func (s *Server) onCertificateVerify(m msg) (state, error) { return waitFinished, s.checkSignature(m) }

// checkSignature checks that the client has the key of what it has shown.
func (s *Server) checkSignature(m msg) error {
	v, err := wire.ParseCertificateVerify(m.Body)
	if err != nil {
		return err
	}
	key, err := s.SigningKey(s.Done.Peer, v.Scheme)
	if err != nil {
		return err
	}
	if err := s.Done.Peer.MaySign(); err != nil {
		return err
	}
	var hash [48]byte
	content := sign.AppendContent13(s.content[:0], false, s.Transcript.Sum(hash[:0]))
	if err := sign.Verify(v.Scheme, iana.TLS13, key, content, v.Signature); err != nil {
		return err
	}
	s.Done.PeerScheme = v.Scheme
	s.Transcript.Write(m.Raw)
	return nil
}

// onFinished is WAIT_FINISHED: the client shows that it saw the handshake we
// saw. RFC 9846, section 4.5.3.
func (s *Server) onFinished(m msg) (state, error) {
	var hash, mac [48]byte
	if !hmac.Equal(m.Body, s.clientHS.FinishedMAC(mac[:0], s.Transcript.Sum(hash[:0]))) {
		return 0, fault.FinishedWrong
	}
	s.Transcript.Write(m.Raw) // the resumption secret covers the client's Finished
	s.Done.Resumption = s.master.Resumption(s.Transcript.Sum(hash[:0]))
	s.Done.EMS = true
	if err := s.KeepTranscript(s.Offer.Has(iana.ExtPostHandshakeAuth)); err != nil {
		return 0, err
	}
	return s.Approve(waitApproval, s.finish)
}

func (s *Server) onApproval(msg) (state, error) {
	return s.IfYes(s.finish)
}

func (s *Server) finish() (state, error) {
	s.readKeys(s.Done.ReadTraffic)
	s.Out.Complete()
	return connected, s.sendTickets()
}

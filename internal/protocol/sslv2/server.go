package sslv2

import (
	"bytes"
	"crypto/subtle"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// common is what both sides have.
type common struct {
	*handshake.Core
	records   *Records
	state     handshake.State
	kinds     []cipherKind // that are allowed
	kind      cipherKind
	master    []byte
	challenge []byte // of the client
	id        []byte // CONNECTION-ID
	material  []byte
	der       []byte // the server's certificate
}

// useKeys derives the keys of both directions. Section 1.2.3: the client reads
// with the first part and writes with the second.
func (c *common) useKeys(arg []byte, server bool) (err error) {
	n := c.kind.key
	c.material = material(2*n, c.master, c.challenge, c.id)
	read, write := c.material[:n], c.material[n:]
	if server {
		read, write = write, read
	}
	if c.records.nextIn, err = newDirection(c.kind, read, arg, true); err != nil {
		return err
	}
	c.records.nextOut, err = newDirection(c.kind, write, arg, false)
	c.Out.SSL2Keys()
	c.Done.Version, c.Done.Suite = iana.SSL20, c.kind.kind.Suite()
	copy(c.Done.Master[:], c.master)
	copy(c.Done.Master[n:], arg)
	return err
}

// useSession takes the master key of a session, and the initialization vector of
// its first connection, which goes with it.
func (c *common) useSession(s *session.State) (arg []byte, err error) {
	c.kind, _ = find(c.kinds, KindOf(s.Suite))
	n := c.kind.key
	if n == 0 || len(s.Secret) < n+c.kind.argLen() {
		return nil, fault.With(fault.Internal, "a session of %v with %d bytes", s.Suite, len(s.Secret))
	}
	c.master = bytes.Clone(s.Secret[:n])
	return bytes.Clone(s.Secret[n : n+c.kind.argLen()]), nil
}

// is reports whether a message is its type and the field.
func is(msg []byte, t byte, field []byte) bool {
	return len(msg) == 1+len(field) && msg[0] == t && subtle.ConstantTimeCompare(msg[1:], field) == 1
}

// Server is a server's handshake.
type Server struct {
	common
	cred      *sign.Credential
	sessionID []byte
	asked     []byte       // challenge of a REQUEST-CERTIFICATE
	shares    []cipherKind // those that the client has, too
	arg       []byte
	clear     []byte // of the master key, what came in the clear
}

const (
	sStart handshake.State = iota
	sWaitSession
	sWaitCredential
	sWaitMasterKey
	sWaitSecret
	sWaitFinished
	sWaitCertificate
	sWaitVerdict
	sWaitApproval
	sConnected
)

type (
	state = handshake.State
	msg   = handshake.Message
)

var serverTable = handshake.Table[Server]{
	Machine: handshake.SSL2Server,
	Rows: []handshake.Row[Server]{
		sStart: handshake.In("START",
			handshake.On(msgClientHello, (*Server).onHello, sWaitSession, sWaitCredential)),
		sWaitSession: handshake.In("CLIENT-HELLO (session)",
			handshake.On(handshake.OnSession, (*Server).onSession, sWaitCredential, sWaitFinished)),
		sWaitCredential: handshake.In("CLIENT-HELLO (certificate)",
			handshake.On(handshake.OnCredential, (*Server).onCredential, sWaitMasterKey)),
		sWaitMasterKey: handshake.In("WAIT CLIENT-MASTER-KEY",
			handshake.On(msgClientMasterKey, (*Server).onMasterKey, sWaitSecret)),
		sWaitSecret: handshake.In("WAIT CLIENT-MASTER-KEY (secret)",
			handshake.On(handshake.OnPremaster, (*Server).onSecret, sWaitFinished)),
		sWaitFinished: handshake.In("WAIT CLIENT-FINISHED",
			handshake.On(msgClientFinished, (*Server).onFinished, sWaitCertificate, sWaitApproval, sConnected)),
		sWaitCertificate: handshake.In("WAIT CLIENT-CERTIFICATE",
			handshake.On(msgClientCertificate, (*Server).onCertificate, sWaitVerdict),
			handshake.On(msgError, (*Server).onNoCertificate, sWaitApproval, sConnected)),
		sWaitVerdict: handshake.In("WAIT CLIENT-CERTIFICATE (verdict)",
			handshake.On(handshake.OnVerdict, (*Server).onVerdict, sWaitApproval, sConnected)),
		sWaitApproval: handshake.In("WAIT (approval)",
			handshake.On(handshake.OnApproval, (*Server).onApproval, sConnected)),
		sConnected: handshake.In[Server]("CONNECTED"),
	},
}

// NewServer waits for a CLIENT-HELLO.
func NewServer(core *handshake.Core, records *Records) *Server {
	core.Done.Legacy = new(handshake.Legacy)
	return &Server{common: common{Core: core, records: records, kinds: allowed(core.Config.Policy.Suites)}}
}

// Step gives the machine a message or an answer.
func (s *Server) Step(on handshake.Trigger, m handshake.Message) error {
	return serverTable.Step(s, &s.state, on, m, s.Log)
}

// State names the state.
func (s *Server) State() string { return serverTable.Rows[s.state].Name }

// Free wipes the secrets.
func (s *Server) Free() { s.wipe() }

func (c *common) wipe() {
	clear(c.master)
	clear(c.material)
}

func (s *Server) onHello(m msg) (state, error) {
	hello, err := wire.ParseSSL2ClientHello(m.Raw)
	if err != nil {
		return 0, fault.With(fault.HelloForm, "%w", err)
	}
	s.Hello = append(s.Hello[:0], m.Raw...)
	s.challenge = bytes.Clone(hello.Challenge)
	copy(s.Done.ClientRandom[:], hello.Challenge)
	if len(s.challenge) > 32 {
		return 0, fault.With(fault.HelloForm, "the challenge has %d bytes", len(s.challenge))
	}
	if s.shares = s.shared(hello.CipherSpecs); s.shares == nil {
		return 0, fault.With(fault.NoSharedSuite, "of SSL 2.0")
	}
	if s.Config.SessionIDs && len(hello.SessionID) == 16 {
		s.sessionID = bytes.Clone(hello.SessionID)
		s.Pose(handshake.Ask{Question: handshake.Session, Offer: &s.Offer, SessionID: s.sessionID})
		return sWaitSession, nil
	}
	return s.full(), nil
}

func (s *Server) full() state {
	s.Pose(handshake.Ask{Question: handshake.Credential, Offer: &s.Offer})
	return sWaitCredential
}

// onSession resumes the session if it is one of SSL 2.0: section 1.3.
func (s *Server) onSession(msg) (state, error) {
	found := s.Answer.Session
	if found == nil || found.Version != iana.SSL20 || found.Expired(s.Now) || !has(s.shares, found.Suite) ||
		s.Config.ClientAuth == handshake.RequireClientAuth && !found.HasPeer() {
		s.Log.Refused(trace.Session, 0, trace.Unknown)
		s.sessionID = nil
		return s.full(), nil
	}
	s.Log.Chose(trace.Session, 0)
	s.Done.Resume(found)
	arg, err := s.useSession(found)
	if err != nil {
		return 0, err
	}
	if err := s.newID(); err != nil {
		return 0, err
	}
	s.sendHello(serverHello{hit: true, id: s.id})
	if err := s.useKeys(arg, true); err != nil {
		return 0, err
	}
	return s.verify(), nil
}

func (s *Server) newID() error {
	s.id = make([]byte, 16)
	err := s.Random(s.id)
	copy(s.Done.ServerRandom[:], s.id)
	return err
}

func (s *Server) sendHello(hello serverHello) {
	s.ServerHello = hello.append(s.ServerHello[:0])
	s.Out.SSL2Message(s.ServerHello)
	s.Log.Sent(iana.MsgServerHello)
}

// onCredential shows the certificate and the kinds in common, of which the
// client chooses.
func (s *Server) onCredential(msg) (state, error) {
	var err error
	s.cred, err = s.ChooseCredential(nil, func(c *sign.Credential) error {
		if c.Kind() != sign.RSA || c.Type() != iana.CertX509 {
			return fault.With(fault.CertificateTypeRefused, "SSL 2.0 wants a certificate with an RSA key")
		}
		return nil
	})
	switch {
	case err != nil:
		return 0, err
	case s.cred == nil:
		return 0, fault.NoCertificate
	}
	s.Done.Local, s.der = s.cred, s.cred.Chain[0]
	if err := s.newID(); err != nil {
		return 0, err
	}
	s.sendHello(serverHello{certificate: s.der, kinds: specs(s.shares), id: s.id})
	return sWaitMasterKey, nil
}

// onMasterKey takes the client's choice and the encrypted key. Data in the clear
// belongs to export ciphers, and is an oracle with others (DROWN): it is
// refused.
func (s *Server) onMasterKey(m msg) (state, error) {
	k, err := parseClientMasterKey(m.Raw)
	if err != nil {
		return 0, err
	}
	var ok bool
	s.kind, ok = find(s.shares, k.kind)
	switch {
	case !ok:
		return 0, fault.With(fault.SuiteNotOffered, "%v", k.kind)
	case len(k.clear) != s.kind.key-s.kind.secret || len(k.arg) != s.kind.argLen():
		return 0, fault.With(fault.DecodeError, "CLIENT-MASTER-KEY with %d bytes in the clear and a KEY-ARG of %d", len(k.clear), len(k.arg))
	}
	s.arg, s.clear = bytes.Clone(k.arg), bytes.Clone(k.clear)
	s.Log.Chose(trace.Suite, uint16(s.kind.kind.Suite()))
	s.Pose(handshake.Ask{Question: handshake.Premaster, Credential: s.cred, Content: bytes.Clone(k.encrypted), Length: s.kind.secret})
	return sWaitSecret, nil
}

// onSecret takes the decrypted master key, which is random if the client sent a
// wrong one: the handshake fails at CLIENT-FINISHED then, as with any wrong key.
func (s *Server) onSecret(msg) (state, error) {
	s.master = append(s.clear, s.Answer.Bytes...)
	clear(s.Answer.Bytes)
	if len(s.master) != s.kind.key {
		return 0, fault.With(fault.Internal, "a master key of %d bytes", len(s.master))
	}
	if err := s.useKeys(s.arg, true); err != nil {
		return 0, err
	}
	return s.verify(), nil
}

// verify proves that the server has the master key.
func (s *Server) verify() state {
	s.Out.SSL2Message(appendPlain(nil, msgServerVerify, s.challenge))
	return sWaitFinished
}

func (s *Server) onFinished(m msg) (state, error) {
	if !is(m.Raw, msgClientFinished, s.id) {
		return 0, fault.FinishedWrong
	}
	if s.Config.ClientAuth == handshake.NoClientAuth || s.Done.Resumed {
		return s.Approve(sWaitApproval, s.finish)
	}
	s.asked = make([]byte, 16)
	if err := s.Random(s.asked); err != nil {
		return 0, err
	}
	s.Out.SSL2Message(appendRequestCertificate(nil, s.asked))
	return sWaitCertificate, nil
}

// onNoCertificate takes the client's word that it has no certificate.
func (s *Server) onNoCertificate(m msg) (state, error) {
	if !bytes.Equal(m.Raw, appendError(nil, errNoCertificate)) {
		return 0, fault.With(fault.PeerAlert, "ERROR %x", m.Raw[1:])
	}
	if s.Config.ClientAuth == handshake.RequireClientAuth {
		return 0, fault.CertificateMissing12
	}
	return s.Approve(sWaitApproval, s.finish)
}

// onCertificate checks that the client has the key of its certificate: it signs
// the keys, the challenge and the server's certificate.
func (s *Server) onCertificate(m msg) (state, error) {
	shown, err := parseClientCertificate(m.Raw)
	if err != nil {
		return 0, err
	}
	peer, err := handshake.NewPeer(shown.certificate)
	if err != nil {
		return 0, err
	}
	if err := sign.VerifyMD5(peer.Key, s.signed(s.asked), shown.response); err != nil {
		return 0, err
	}
	s.Done.Peer = peer
	s.Pose(handshake.Ask{Question: handshake.Verdict, Peer: peer})
	return sWaitVerdict, nil
}

// signed is what a client signs: section 2.9.
func (c *common) signed(challenge []byte) []byte {
	return append(append(bytes.Clone(c.material), challenge...), c.der...)
}

func (s *Server) onVerdict(msg) (state, error) {
	if err := handshake.Verdicted(s.Answer.Err); err != nil {
		return 0, err
	}
	return s.Approve(sWaitApproval, s.finish)
}

func (s *Server) onApproval(msg) (state, error) {
	if err := handshake.Verdicted(s.Answer.Err); err != nil {
		return 0, err
	}
	return s.finish()
}

// finish ends the handshake with the ID under which the session is kept.
func (s *Server) finish() (state, error) {
	if !s.Done.Resumed {
		s.sessionID = make([]byte, 16)
		if err := s.Random(s.sessionID); err != nil {
			return 0, err
		}
		s.Done.SessionID = s.sessionID
	}
	s.Out.SSL2Message(appendPlain(nil, msgServerFinished, s.sessionID))
	s.Out.Complete()
	return sConnected, nil
}

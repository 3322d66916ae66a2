// Package server13 is the server's machine of TLS 1.3: RFC 9846, section 4,
// and the diagram of appendix A.2.
package server13

import (
	"sync"

	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// Server is one handshake of a TLS 1.3 server. It starts when hello has chosen
// the version, and reads the ClientHello from the core.
type Server struct {
	*handshake.Core
	state handshake.State

	suite suite.Params
	group iana.Group
	share []byte // the client's key share for the group

	identity int            // which pre-shared key of the client's list is looked at
	session  *session.State // the one that is resumed, nil in a full handshake
	cred     *sign.Credential
	scheme   iana.SignatureScheme
	content  [signedContentMax]byte

	early            schedule.Early
	secrets          schedule.Handshake
	clientHS         schedule.Secret // client_handshake_traffic_secret
	serverHS         schedule.Secret // server_handshake_traffic_secret
	master           schedule.Master
	askedCertificate bool
	promised         bool // a HelloRetryRequest was sent, and an external pre-shared key was to be chosen
	sentCCS          bool
}

// signedContentMax is the length of what a CertificateVerify signs: 64 spaces,
// the context, a zero byte and a hash. RFC 9846, section 4.5.2.
const signedContentMax = 64 + 34 + 48

const (
	start handshake.State = iota
	waitHello2
	waitSession
	waitResumptionVerdict
	waitReplay
	waitPSKs
	waitCredential
	waitSignature
	waitCertificate
	waitVerdict
	waitCertificateVerify
	waitEndOfEarlyData
	waitFinished
	waitApproval
	connected
)

type (
	state = handshake.State
	msg   = handshake.Message
)

var table = handshake.Table[Server]{
	Machine: handshake.Server13,
	Rows: []handshake.Row[Server]{
		start: handshake.In("RECVD_CH",
			handshake.On(handshake.Begin, (*Server).onHello, waitHello2, waitSession, waitPSKs, waitCredential, waitFinished)),
		waitHello2: handshake.In("START (after HelloRetryRequest)",
			handshake.OnMessage(iana.MsgClientHello, (*Server).onSecondHello, waitSession, waitPSKs, waitCredential, waitFinished)),
		waitSession: handshake.In("RECVD_CH (session)",
			handshake.On(handshake.OnSession, (*Server).onSession, waitSession, waitResumptionVerdict, waitReplay, waitPSKs, waitCredential, waitFinished)),
		waitResumptionVerdict: handshake.In("RECVD_CH (verdict)",
			handshake.On(handshake.OnVerdict, (*Server).onResumptionVerdict, waitReplay, waitFinished)),
		waitReplay: handshake.In("RECVD_CH (replay)",
			handshake.On(handshake.OnReplay, (*Server).onReplay, waitEndOfEarlyData, waitFinished)),
		waitPSKs: handshake.In("RECVD_CH (pre-shared keys)",
			handshake.On(handshake.OnPSKs, (*Server).onPSKs, waitCredential, waitFinished)),
		waitCredential: handshake.In("NEGOTIATED (certificate)",
			handshake.On(handshake.OnCredential, (*Server).onCredential, waitSignature)),
		waitSignature: handshake.In("NEGOTIATED (signature)",
			handshake.On(handshake.OnSignature, (*Server).onSignature, waitCertificate, waitFinished)),
		waitCertificate: handshake.In("WAIT_CERT",
			handshake.OnMessage(iana.MsgCertificate, (*Server).onCertificate, waitVerdict, waitFinished),
			handshake.OnMessage(iana.MsgCompressedCertificate, (*Server).onCompressedCertificate, waitVerdict, waitFinished)),
		waitVerdict: handshake.In("WAIT_CERT (verdict)",
			handshake.On(handshake.OnVerdict, (*Server).onVerdict, waitCertificateVerify)),
		waitCertificateVerify: handshake.In("WAIT_CV",
			handshake.OnMessage(iana.MsgCertificateVerify, (*Server).onCertificateVerify, waitFinished)),
		waitEndOfEarlyData: handshake.In("WAIT_EOED",
			handshake.OnMessage(iana.MsgEndOfEarlyData, (*Server).onEndOfEarlyData, waitFinished)),
		waitFinished: handshake.In("WAIT_FINISHED",
			handshake.OnMessage(iana.MsgFinished, (*Server).onFinished, waitApproval, connected)),
		waitApproval: handshake.In("WAIT_FINISHED (approval)",
			handshake.On(handshake.OnApproval, (*Server).onApproval, connected)),
		connected: handshake.In[Server]("CONNECTED"),
	},
}

var pool = sync.Pool{New: func() any { return new(Server) }}

// New takes a machine from the pool.
func New(core *handshake.Core) *Server {
	s := pool.Get().(*Server)
	s.Core = core
	return s
}

// Free wipes the machine and gives it back to the pool.
func (s *Server) Free() {
	*s = Server{}
	pool.Put(s)
}

// Step gives the machine a message or an answer.
func (s *Server) Step(on handshake.Trigger, m handshake.Message) error {
	return table.Step(s, &s.state, on, m, s.Log)
}

// Awaits reports whether the state waits for the trigger.
func (s *Server) Awaits(on handshake.Trigger) bool { return table.Accepts(s.state, on) }

// State names the state in the words of the RFC.
func (s *Server) State() string { return table.Rows[s.state].Name }

// Diagram gives the machine's table for tests and pictures.
func Diagram() handshake.Diagram { return table.Diagram() }

// refuse counts a candidate session as lost and goes on with the next.
func (s *Server) refuse(why trace.Why) (state, error) {
	s.Log.Refused(trace.Session, uint16(s.identity), why)
	s.identity++
	return s.nextSession()
}

package legacy

import (
	"sync"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/kex"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
)

// Server is one handshake of a server. It starts when hello has chosen the
// version, and reads the ClientHello from the core.
type Server struct {
	common
	state handshake.State

	sessionID [32]byte
	cred      *sign.Credential
	scheme    iana.SignatureScheme
	group     iana.Group // of ECDHE, 0 if there is none in common
	finite    iana.Group // of DHE, likewise
	key       kex.Key
	params    []byte    // of the ServerKeyExchange
	made      time.Time // the session that is resumed
	identity  []byte    // of the pre-shared key that the client names
	other     []byte    // the secret of the exchange beside it, nil if there is none
}

// The states are named after the message that is waited for; RFC 5246 names
// none.
const (
	sStart handshake.State = iota
	sWaitSession
	sWaitResumptionVerdict
	sWaitCredential
	sWaitSignature
	sWaitCertificate
	sWaitVerdict
	sWaitClientKeyExchange
	sWaitPremaster
	sWaitPSKs
	sWaitCertificateVerify
	sWaitChangeCipherSpec
	sWaitFinished
	sWaitApproval
	sConnected
)

var serverTable = handshake.Table[Server]{
	Machine: handshake.LegacyServer,
	Rows: []handshake.Row[Server]{
		sStart: handshake.In("RECVD_CH",
			handshake.On(handshake.Begin, (*Server).onHello, sWaitSession, sWaitCredential, sWaitClientKeyExchange)),
		sWaitSession: handshake.In("RECVD_CH (session)",
			handshake.On(handshake.OnSession, (*Server).onSession, sWaitResumptionVerdict, sWaitCredential, sWaitClientKeyExchange, sWaitChangeCipherSpec)),
		sWaitResumptionVerdict: handshake.In("RECVD_CH (verdict)",
			handshake.On(handshake.OnVerdict, (*Server).onResumptionVerdict, sWaitChangeCipherSpec)),
		sWaitCredential: handshake.In("RECVD_CH (certificate)",
			handshake.On(handshake.OnCredential, (*Server).onCredential, sWaitSignature, sWaitCertificate, sWaitClientKeyExchange)),
		sWaitSignature: handshake.In("RECVD_CH (signature)",
			handshake.On(handshake.OnSignature, (*Server).onSignature, sWaitCertificate, sWaitClientKeyExchange)),
		sWaitCertificate: handshake.In("WAIT_CERT",
			handshake.OnMessage(iana.MsgCertificate, (*Server).onCertificate, sWaitVerdict, sWaitClientKeyExchange),
			handshake.On(handshake.NoCertificate, (*Server).onNoCertificate, sWaitClientKeyExchange)),
		sWaitVerdict: handshake.In("WAIT_CERT (verdict)",
			handshake.On(handshake.OnVerdict, (*Server).onVerdict, sWaitClientKeyExchange)),
		sWaitClientKeyExchange: handshake.In("WAIT_CKE",
			handshake.OnMessage(iana.MsgClientKeyExchange, (*Server).onClientKeyExchange,
				sWaitPremaster, sWaitPSKs, sWaitCertificateVerify, sWaitChangeCipherSpec)),
		sWaitPremaster: handshake.In("WAIT_CKE (premaster secret)",
			handshake.On(handshake.OnPremaster, (*Server).onPremaster, sWaitCertificateVerify, sWaitChangeCipherSpec)),
		sWaitPSKs: handshake.In("WAIT_CKE (pre-shared keys)",
			handshake.On(handshake.OnPSKs, (*Server).onPSKs, sWaitChangeCipherSpec)),
		sWaitCertificateVerify: handshake.In("WAIT_CV",
			handshake.OnMessage(iana.MsgCertificateVerify, (*Server).onCertificateVerify, sWaitChangeCipherSpec)),
		sWaitChangeCipherSpec: handshake.In("WAIT_CCS",
			handshake.On(handshake.ChangeCipherSpec, (*Server).onChangeCipherSpec, sWaitFinished)),
		sWaitFinished: handshake.In("WAIT_FINISHED",
			handshake.OnMessage(iana.MsgFinished, (*Server).onFinished, sWaitApproval, sConnected)),
		sWaitApproval: handshake.In("WAIT_FINISHED (approval)",
			handshake.On(handshake.OnApproval, (*Server).onApproval, sConnected)),
		sConnected: handshake.In[Server]("CONNECTED"),
	},
}

var servers = sync.Pool{New: func() any { return new(Server) }}

// NewServer takes a machine from the pool.
func NewServer(core *handshake.Core) *Server {
	s := servers.Get().(*Server)
	s.Core = core
	return s
}

// Free wipes the machine and gives it back to the pool.
func (s *Server) Free() {
	*s = Server{}
	servers.Put(s)
}

// Step gives the machine a message or an answer.
func (s *Server) Step(on handshake.Trigger, m handshake.Message) error {
	return serverTable.Step(s, &s.state, on, m, s.Log)
}

// Awaits reports whether the state waits for the trigger.
func (s *Server) Awaits(on handshake.Trigger) bool { return serverTable.Accepts(s.state, on) }

// State names the state.
func (s *Server) State() string { return serverTable.Rows[s.state].Name }

// ServerDiagram gives the server's table for tests and pictures.
func ServerDiagram() handshake.Diagram { return serverTable.Diagram() }

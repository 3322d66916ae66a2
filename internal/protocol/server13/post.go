package server13

import (
	"crypto/hmac"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// Post is the authentication of a client after the handshake: it begins with the
// client's answer to a CertificateRequest. Nothing that the handshake agreed on
// changes, but for who the client is. RFC 9846, section 4.7.2.
type Post struct{ Server }

const (
	postStart handshake.State = iota
	postVerdict
	postCertificateVerify
	postFinished
	postApproval
	postConnected
)

var postTable = handshake.Table[Post]{
	Machine: handshake.ServerPost,
	Rows: []handshake.Row[Post]{
		postStart: handshake.In("CONNECTED (certificate asked for)",
			handshake.OnMessage(iana.MsgCertificate, (*Post).onCertificate, postVerdict, postFinished),
			handshake.OnMessage(iana.MsgCompressedCertificate, (*Post).onCompressedCertificate, postVerdict, postFinished)),
		postVerdict: handshake.In("CONNECTED (verdict)",
			handshake.On(handshake.OnVerdict, (*Post).onVerdict, postCertificateVerify)),
		postCertificateVerify: handshake.In("CONNECTED (WAIT_CV)",
			handshake.OnMessage(iana.MsgCertificateVerify, (*Post).onCertificateVerify, postFinished)),
		postFinished: handshake.In("CONNECTED (WAIT_FINISHED)",
			handshake.OnMessage(iana.MsgFinished, (*Post).onFinished, postApproval, postConnected)),
		postApproval: handshake.In("CONNECTED (approval)",
			handshake.On(handshake.OnApproval, (*Post).onApproval, postConnected)),
		postConnected: handshake.In[Post]("CONNECTED"),
	},
}

// RequestCertificate gives the CertificateRequest with the context in the core,
// and notes there what it asks for.
func RequestCertificate(core *handshake.Core) []byte {
	s := Server{Core: core}
	return s.requestCertificate()
}

// NewPost makes a machine. The core has the connection in Done, the transcript up
// to the CertificateRequest, and its context.
func NewPost(core *handshake.Core) *Post {
	core.Done.Peer, core.Done.PeerScheme = nil, 0 // it shows anew who it is, or does not
	return &Post{Server{Core: core}}
}

// Free does nothing: these machines are rare.
func (p *Post) Free() {}

// Step gives the machine a message or an answer.
func (p *Post) Step(on handshake.Trigger, m handshake.Message) error {
	return postTable.Step(p, &p.state, on, m, p.Log)
}

// Awaits reports whether the state waits for the trigger.
func (p *Post) Awaits(on handshake.Trigger) bool { return postTable.Accepts(p.state, on) }

// State names the state.
func (p *Post) State() string { return postTable.Rows[p.state].Name }

// PostDiagram gives the machine's table for tests and pictures.
func PostDiagram() handshake.Diagram { return postTable.Diagram() }

func (p *Post) onCertificate(m msg) (state, error) { return p.takeCertificate(m.Body, m.Raw) }

func (p *Post) onCompressedCertificate(m msg) (state, error) {
	body, err := p.Decompress(m)
	if err != nil {
		return 0, err
	}
	return p.takeCertificate(body, m.Raw)
}

func (p *Post) takeCertificate(body, raw []byte) (state, error) {
	if err := p.readCertificate(body, raw); err != nil || p.Done.Peer == nil {
		return postFinished, err
	}
	return postVerdict, nil
}

// onVerdict takes the host's word on the client's chain.
func (p *Post) onVerdict(msg) (state, error) {
	return postCertificateVerify, handshake.Verdicted(p.Answer.Err)
}

func (p *Post) onCertificateVerify(m msg) (state, error) { return postFinished, p.checkSignature(m) }

// onFinished ends it. Its base key is the traffic secret that the client writes
// with. RFC 9846, section 4.5.
func (p *Post) onFinished(m msg) (state, error) {
	var hash, mac [48]byte
	if !hmac.Equal(m.Body, p.Done.ReadTraffic.FinishedMAC(mac[:0], p.Transcript.Sum(hash[:0]))) {
		return 0, fault.FinishedWrong
	}
	return p.Approve(postApproval, p.finish)
}

func (p *Post) onApproval(msg) (state, error) {
	return p.IfYes(p.finish)
}

// finish gives no ticket: one that names the client would not be taken where the
// handshake asks for no certificate, and the client would lose the one it has for
// it.
func (p *Post) finish() (state, error) {
	p.Out.Complete()
	return postConnected, nil
}

// Package client13 is the client's machine of TLS 1.3: RFC 9846, section 4, and
// the diagram of appendix A.1.
package client13

import (
	"sync"

	"github.com/handsel-tls/handsel/internal/protocol/extension"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// Client is one handshake of a TLS 1.3 client. It starts when hello knows the
// version, with the ServerHello or HelloRetryRequest in the core.
type Client struct {
	*handshake.Core
	state handshake.State

	suite    suite.Params
	early    schedule.Early
	clientHS schedule.Secret // client_handshake_traffic_secret
	serverHS schedule.Secret // server_handshake_traffic_secret
	master   schedule.Master

	request      *handshake.CertificateRequest          // the server wants a certificate
	asked        extension.Set                          // by that request
	compressions wire.List[iana.CertificateCompression] // that the server can decompress
	delegates    wire.List[iana.SignatureScheme]        // that it accepts of delegated credentials
	cred         *sign.Credential
	scheme       iana.SignatureScheme
	app          [48]byte // the transcript's hash up to the server's Finished
	sentCCS      bool
}

const (
	start handshake.State = iota
	waitServerHello
	waitEncryptedExtensions
	waitResumptionVerdict
	waitCertificateOrRequest
	waitCertificate
	waitVerdict
	waitCertificateVerify
	waitFinished
	waitApproval
	waitCredential
	waitSignature
	connected
)

type (
	state = handshake.State
	msg   = handshake.Message
)

var table = handshake.Table[Client]{
	Machine: handshake.Client13,
	Rows: []handshake.Row[Client]{
		start: handshake.In("WAIT_SH",
			handshake.On(handshake.Begin, (*Client).onFirst, waitServerHello, waitEncryptedExtensions)),
		waitServerHello: handshake.In("WAIT_SH (after HelloRetryRequest)",
			handshake.OnMessage(iana.MsgServerHello, (*Client).onServerHello, waitEncryptedExtensions)),
		waitEncryptedExtensions: handshake.In("WAIT_EE",
			handshake.OnMessage(iana.MsgEncryptedExtensions, (*Client).onEncryptedExtensions, waitCertificateOrRequest, waitResumptionVerdict, waitFinished)),
		waitResumptionVerdict: handshake.In("WAIT_EE (verdict)",
			handshake.On(handshake.OnVerdict, (*Client).onResumptionVerdict, waitFinished)),
		waitCertificateOrRequest: handshake.In("WAIT_CERT_CR",
			handshake.OnMessage(iana.MsgCertificateRequest, (*Client).onCertificateRequest, waitCertificate),
			handshake.OnMessage(iana.MsgCertificate, (*Client).onCertificate, waitVerdict),
			handshake.OnMessage(iana.MsgCompressedCertificate, (*Client).onCompressedCertificate, waitVerdict)),
		waitCertificate: handshake.In("WAIT_CERT",
			handshake.OnMessage(iana.MsgCertificate, (*Client).onCertificate, waitVerdict),
			handshake.OnMessage(iana.MsgCompressedCertificate, (*Client).onCompressedCertificate, waitVerdict)),
		waitVerdict: handshake.In("WAIT_CERT (verdict)",
			handshake.On(handshake.OnVerdict, (*Client).onVerdict, waitCertificateVerify)),
		waitCertificateVerify: handshake.In("WAIT_CV",
			handshake.OnMessage(iana.MsgCertificateVerify, (*Client).onCertificateVerify, waitFinished)),
		waitFinished: handshake.In("WAIT_FINISHED",
			handshake.OnMessage(iana.MsgFinished, (*Client).onFinished, waitApproval, waitCredential, connected)),
		waitApproval: handshake.In("WAIT_FINISHED (approval)",
			handshake.On(handshake.OnApproval, (*Client).onApproval, waitCredential, connected)),
		waitCredential: handshake.In("WAIT_FINISHED (certificate)",
			handshake.On(handshake.OnCredential, (*Client).onCredential, waitSignature, connected)),
		waitSignature: handshake.In("WAIT_FINISHED (signature)",
			handshake.On(handshake.OnSignature, (*Client).onSignature, connected)),
		connected: handshake.In[Client]("CONNECTED"),
	},
}

var pool = sync.Pool{New: func() any { return new(Client) }}

// New takes a machine from the pool.
func New(core *handshake.Core) *Client {
	c := pool.Get().(*Client)
	c.Core = core
	return c
}

// Free wipes the machine and gives it back to the pool.
func (c *Client) Free() {
	*c = Client{}
	pool.Put(c)
}

// Step gives the machine a message or an answer.
func (c *Client) Step(on handshake.Trigger, m handshake.Message) error {
	return table.Step(c, &c.state, on, m, c.Log)
}

// Awaits reports whether the state waits for the trigger.
func (c *Client) Awaits(on handshake.Trigger) bool { return table.Accepts(c.state, on) }

// State names the state in the words of the RFC.
func (c *Client) State() string { return table.Rows[c.state].Name }

// Diagram gives the machine's table for tests and pictures.
func Diagram() handshake.Diagram { return table.Diagram() }

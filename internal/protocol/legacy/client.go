package legacy

import (
	"sync"

	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/kex"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
)

// Client is one handshake of a client. It starts when hello knows the version,
// with the ServerHello in the core.
type Client struct {
	common
	state handshake.State

	staple    bool // the server will send a CertificateStatus
	scts      [][]byte
	premaster []byte
	share     []byte      // of the server, in its message
	finite    *kex.Finite // DHE: the server's group
	exchange  []byte      // what goes into the ClientKeyExchange
	request   *handshake.CertificateRequest
	cred      *sign.Credential
	scheme    iana.SignatureScheme
}

const (
	cStart handshake.State = iota
	cWaitResumptionVerdict
	cWaitCertificate
	cWaitCertificateStatus
	cWaitServerKeyExchange
	cWaitHint
	cWaitServerHelloDone
	cWaitVerdict
	cWaitServerApproval
	cWaitCredential
	cWaitSignature
	cWaitTicket
	cWaitChangeCipherSpec
	cWaitFinished
	cWaitApproval
	cConnected
)

var clientTable = handshake.Table[Client]{
	Machine: handshake.LegacyClient,
	Rows: []handshake.Row[Client]{
		cStart: handshake.In("WAIT_SH",
			handshake.On(handshake.Begin, (*Client).onHello, cWaitCertificate, cWaitServerKeyExchange, cWaitHint, cWaitResumptionVerdict, cWaitTicket, cWaitChangeCipherSpec)),
		cWaitResumptionVerdict: handshake.In("WAIT_SH (verdict)",
			handshake.On(handshake.OnVerdict, (*Client).onResumptionVerdict, cWaitTicket, cWaitChangeCipherSpec)),
		cWaitCertificate: handshake.In("WAIT_CERT",
			handshake.OnMessage(iana.MsgCertificate, (*Client).onCertificate,
				cWaitCertificateStatus, cWaitServerKeyExchange, cWaitServerHelloDone)),
		// A server may leave the announced status out (RFC 6066, section 8).
		cWaitCertificateStatus: handshake.In("WAIT_STATUS",
			handshake.OnMessage(iana.MsgCertificateStatus, (*Client).onCertificateStatus, cWaitServerKeyExchange, cWaitServerHelloDone),
			handshake.OnMessage(iana.MsgServerKeyExchange, (*Client).onServerKeyExchange, cWaitServerHelloDone),
			handshake.OnMessage(iana.MsgCertificateRequest, (*Client).onCertificateRequest, cWaitServerHelloDone),
			handshake.OnMessage(iana.MsgServerHelloDone, (*Client).onServerHelloDone, cWaitVerdict)),
		cWaitServerKeyExchange: handshake.In("WAIT_SKE",
			handshake.OnMessage(iana.MsgServerKeyExchange, (*Client).onServerKeyExchange, cWaitServerHelloDone)),
		// A server has no need of a hint (RFC 4279, section 2).
		cWaitHint: handshake.In("WAIT_SKE (hint)",
			handshake.OnMessage(iana.MsgServerKeyExchange, (*Client).onServerKeyExchange, cWaitServerHelloDone),
			handshake.OnMessage(iana.MsgServerHelloDone, (*Client).onServerHelloDone, cWaitServerApproval, cWaitTicket, cWaitChangeCipherSpec)),
		cWaitServerHelloDone: handshake.In("WAIT_SHD",
			handshake.OnMessage(iana.MsgCertificateRequest, (*Client).onCertificateRequest, cWaitServerHelloDone),
			handshake.OnMessage(iana.MsgServerHelloDone, (*Client).onServerHelloDone, cWaitVerdict, cWaitServerApproval, cWaitTicket, cWaitChangeCipherSpec)),
		cWaitVerdict: handshake.In("WAIT_SHD (verdict)",
			handshake.On(handshake.OnVerdict, (*Client).onVerdict,
				cWaitServerApproval, cWaitCredential, cWaitTicket, cWaitChangeCipherSpec)),
		cWaitServerApproval: handshake.In("WAIT_SHD (approval)",
			handshake.On(handshake.OnApproval, (*Client).onServerApproval, cWaitCredential, cWaitTicket, cWaitChangeCipherSpec)),
		cWaitCredential: handshake.In("WAIT_SHD (certificate)",
			handshake.On(handshake.OnCredential, (*Client).onCredential, cWaitSignature, cWaitTicket, cWaitChangeCipherSpec)),
		cWaitSignature: handshake.In("WAIT_SHD (signature)",
			handshake.On(handshake.OnSignature, (*Client).onSignature, cWaitTicket, cWaitChangeCipherSpec)),
		cWaitTicket: handshake.In("WAIT_TICKET",
			handshake.OnMessage(iana.MsgNewSessionTicket, (*Client).onTicket, cWaitChangeCipherSpec)),
		cWaitChangeCipherSpec: handshake.In("WAIT_CCS",
			handshake.On(handshake.ChangeCipherSpec, (*Client).onChangeCipherSpec, cWaitFinished)),
		cWaitFinished: handshake.In("WAIT_FINISHED",
			handshake.OnMessage(iana.MsgFinished, (*Client).onFinished, cWaitApproval, cConnected)),
		cWaitApproval: handshake.In("WAIT_FINISHED (approval)",
			handshake.On(handshake.OnApproval, (*Client).onApproval, cConnected)),
		cConnected: handshake.In[Client]("CONNECTED"),
	},
}

var clients = sync.Pool{New: func() any { return new(Client) }}

// NewClient takes a machine from the pool.
func NewClient(core *handshake.Core) *Client {
	c := clients.Get().(*Client)
	c.Core = core
	return c
}

// Free wipes the machine and gives it back to the pool.
func (c *Client) Free() {
	*c = Client{}
	clients.Put(c)
}

// Step gives the machine a message or an answer.
func (c *Client) Step(on handshake.Trigger, m handshake.Message) error {
	return clientTable.Step(c, &c.state, on, m, c.Log)
}

// Awaits reports whether the state waits for the trigger.
func (c *Client) Awaits(on handshake.Trigger) bool { return clientTable.Accepts(c.state, on) }

// State names the state.
func (c *Client) State() string { return clientTable.Rows[c.state].Name }

// ClientDiagram gives the client's table for tests and pictures.
func ClientDiagram() handshake.Diagram { return clientTable.Diagram() }

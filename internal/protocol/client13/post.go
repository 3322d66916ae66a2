package client13

import (
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
)

// Post answers a CertificateRequest that comes after the handshake. RFC 9846,
// section 4.7.2.
type Post struct{ Client }

const (
	postStart handshake.State = iota
	postCredential
	postSignature
	postConnected
)

var postTable = handshake.Table[Post]{
	Machine: handshake.ClientPost,
	Rows: []handshake.Row[Post]{
		postStart: handshake.In("CONNECTED (certificate asked for)",
			handshake.OnMessage(iana.MsgCertificateRequest, (*Post).onRequest, postCredential)),
		postCredential: handshake.In("CONNECTED (certificate)",
			handshake.On(handshake.OnCredential, (*Post).onCredential, postSignature, postConnected)),
		postSignature: handshake.In("CONNECTED (signature)",
			handshake.On(handshake.OnSignature, (*Post).onSignature, postConnected)),
		postConnected: handshake.In[Post]("CONNECTED"),
	},
}

// NewPost makes a machine. The core has the connection in Done, and the
// transcript of its handshake.
func NewPost(core *handshake.Core) *Post {
	core.Done.Local = nil
	p := &Post{Client{Core: core}}
	p.suite, _ = suite.Of(core.Done.Suite)
	return p
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

// onRequest reads what the server wants to see.
func (p *Post) onRequest(m msg) (state, error) {
	if err := p.readRequest(m, true); err != nil {
		return 0, err
	}
	p.Pose(handshake.Ask{Question: handshake.Credential, Request: p.request})
	return postCredential, nil
}

// onCredential shows the certificate, or that there is none.
func (p *Post) onCredential(msg) (state, error) {
	if err := p.showCertificate(); err != nil {
		return 0, err
	}
	if p.cred == nil {
		return p.finish()
	}
	return postSignature, nil
}

func (p *Post) onSignature(msg) (state, error) {
	p.sendSignature()
	return p.finish()
}

// finish ends it. The base key of Finished is the traffic secret that the client
// writes with. RFC 9846, section 4.5.
func (p *Post) finish() (state, error) {
	p.sendFinished(&p.Done.WriteTraffic)
	p.Complete()
	return postConnected, nil
}

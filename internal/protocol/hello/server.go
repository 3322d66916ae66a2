// Package hello is the part of a handshake before the version is known: the
// server reads the ClientHello, the client writes it and looks at the answer.
// It ends with the decision for a version, whose machine goes on.
package hello

import (
	"sync"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
)

// Server is a server that has not yet chosen a version.
type Server struct {
	*handshake.Core
	state handshake.State
	outer []byte // the ClientHelloOuter, once that within it was opened
}

const (
	serverStart handshake.State = iota
	serverKeys
	serverSettings
	serverDecided
)

var serverTable = handshake.Table[Server]{
	Machine: handshake.HelloServer,
	Rows: []handshake.Row[Server]{
		serverStart: handshake.In("START",
			handshake.OnMessage(iana.MsgClientHello, (*Server).onClientHello, serverKeys, serverSettings, serverDecided)),
		serverKeys: handshake.In("RECVD_CH (keys)",
			handshake.On(handshake.OnECHKeys, (*Server).onKeys, serverSettings, serverDecided)),
		serverSettings: handshake.In("RECVD_CH (settings)",
			handshake.On(handshake.OnSettings, (*Server).onSettings, serverSettings, serverDecided)),
		serverDecided: handshake.In[Server]("RECVD_CH"),
	},
}

// NewServer waits for a ClientHello.
func NewServer(core *handshake.Core) *Server {
	s := servers.Get().(*Server)
	s.Core = core
	return s
}

var servers = sync.Pool{New: func() any { return new(Server) }}

// Step gives the machine a message or an answer.
func (s *Server) Step(on handshake.Trigger, m handshake.Message) error {
	return serverTable.Step(s, &s.state, on, m, s.Log)
}

// Awaits reports whether the state waits for the trigger.
func (s *Server) Awaits(on handshake.Trigger) bool { return serverTable.Accepts(s.state, on) }

// State names the state.
func (s *Server) State() string { return serverTable.Rows[s.state].Name }

// Free gives the machine back to the pool.
func (s *Server) Free() {
	*s = Server{}
	servers.Put(s)
}

// onClientHello is START: the client's offer is read, and the host is asked
// under which settings to answer it.
func (s *Server) onClientHello(m handshake.Message) (handshake.State, error) {
	if err := s.read(append(s.Hello[:0], m.Raw...)); err != nil { // the offer outlives this call
		return 0, err
	}
	if !s.Offer.Has(iana.ExtEncryptedClientHello) {
		return s.ask()
	}
	if s.Config.AskECHKeys {
		s.Pose(handshake.Ask{Question: handshake.ECHKeys, Offer: &s.Offer})
		return serverKeys, nil
	}
	return s.openECH(s.Config.ECH)
}

// onKeys opens what is encrypted in the ClientHello with the host's keys.
func (s *Server) onKeys(handshake.Message) (handshake.State, error) {
	return s.openECH(s.Answer.ECHKeys)
}

// ask asks for the settings, if there may be others for this offer.
func (s *Server) ask() (handshake.State, error) {
	if s.Config.AskSettings {
		s.Pose(handshake.Ask{Question: handshake.Settings, Offer: &s.Offer})
		return serverSettings, nil
	}
	return s.decide()
}

func (s *Server) onSettings(handshake.Message) (handshake.State, error) {
	if s.Answer.OuterHello && s.Opened != nil {
		return s.rewind()
	}
	if s.Answer.Settings != nil {
		s.Config = s.Answer.Settings
	}
	return s.decide()
}

func (s *Server) decide() (handshake.State, error) {
	old := s.SSL2Hello != nil
	var err error
	switch v := s.Offer.Hello.Version; {
	case s.Config.SSL2 && old: // nothing newer is spoken here, whatever the client would like
		s.Done.Version = iana.SSL20
		s.Out.Decide()
		return serverDecided, nil
	case s.Config.SSL2:
		return 0, fault.With(fault.NoSharedVersion, "only SSL 2.0 is spoken here")
	case old && (v < iana.SSL30 || !s.Config.Policy.SSL2Hello):
		return 0, fault.With(fault.SSL2Hello, "for %v", v)
	}
	if s.Done.Version, err = negotiate.Version(&s.Offer, s.Config.Policy, s.Log); err != nil {
		return 0, err
	}
	s.Out.Decide()
	return serverDecided, nil
}

// ServerDiagram gives the server's table.
func ServerDiagram() handshake.Diagram { return serverTable.Diagram() }

// ClientDiagram gives the client's table.
func ClientDiagram() handshake.Diagram { return clientTable.Diagram() }

// Package tlstest has what tests need: certificates, two engines in memory, a
// fixed clock and randomness that can be repeated.
package tlstest

import (
	"errors"
	"fmt"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/engine"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
)

// Now is the time of all tests.
var Now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// A Host answers the questions of a connection.
type Host struct {
	Config     *handshake.Config
	Credential *sign.Credential                        // shown; nil: none
	Verify     func(*handshake.PeerCertificates) error // nil: everything is trusted
	Sessions   *session.Cache                          // of session IDs
	Settings   *handshake.Config                       // answer to Settings
	Asked      []handshake.Question                    // what was asked
}

// Answer answers one question.
func (h *Host) Answer(a *handshake.Ask) handshake.Answer {
	h.Asked = append(h.Asked, a.Question)
	switch a.Question {
	case handshake.Settings:
		return handshake.Answer{Settings: h.Settings}
	case handshake.Credential:
		return handshake.Answer{Credential: h.Credential}
	case handshake.Session:
		if a.SessionID != nil {
			if h.Sessions == nil {
				return handshake.Answer{}
			}
			return handshake.Answer{Session: h.Sessions.Get(a.SessionID, Now)}
		}
		s, renew := a.Keys.Open(Now, a.Ticket)
		return handshake.Answer{Session: s, Renew: renew}
	case handshake.Signature:
		b, err := sign.Sign(a.Scheme, a.Credential.Key, h.Config.Rand, a.Content)
		return handshake.Answer{Bytes: b, Err: err}
	case handshake.Verdict:
		if h.Verify == nil {
			return handshake.Answer{}
		}
		return handshake.Answer{Err: h.Verify(a.Peer)}
	case handshake.Premaster:
		b, err := sign.DecryptPremaster(a.Credential.Key, h.Config.Rand, a.Content)
		return handshake.Answer{Bytes: b, Err: err}
	}
	return handshake.Answer{Err: fmt.Errorf("unknown question %v", a.Question)}
}

// A Pair is a client and a server that are joined in memory.
type Pair struct {
	Client, Server         *engine.Conn
	ClientHost, ServerHost *Host

	// Cut says into how many bytes the bytes of a direction are cut before
	// they are handed over; 0: they are handed over whole.
	Cut int
	// ToServer and ToClient hold all bytes that crossed.
	ToServer, ToClient []byte
	// ServerData and ClientData hold the application data that arrived.
	ServerData, ClientData []byte

	inServer, inClient []byte
}

// NewPair joins two hosts.
func NewPair(client, server *Host) (*Pair, error) {
	c, err := engine.NewClient(client.Config, Now)
	if err != nil {
		return nil, err
	}
	return &Pair{Client: c, Server: engine.NewServer(server.Config, Now), ClientHost: client, ServerHost: server}, nil
}

// Run moves bytes until nothing moves any more.
func (p *Pair) Run() error {
	for range 10000 {
		toServer := p.flush(p.Client, &p.ToServer)
		toClient := p.flush(p.Server, &p.ToClient)
		if len(toServer) == 0 && len(toClient) == 0 {
			return errors.Join(wrap("client", p.Client.Err()), wrap("server", p.Server.Err()))
		}
		p.deliver(p.Server, p.ServerHost, toServer, &p.inServer, &p.ServerData)
		p.deliver(p.Client, p.ClientHost, toClient, &p.inClient, &p.ClientData)
	}
	return errors.New("the handshake does not end")
}

func wrap(side string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", side, err)
}

func (p *Pair) flush(c *engine.Conn, log *[]byte) []byte {
	out := append([]byte(nil), c.Output()...)
	c.Sent()
	*log = append(*log, out...)
	return out
}

func (p *Pair) deliver(c *engine.Conn, h *Host, b []byte, buffered, data *[]byte) {
	step := p.Cut
	if step == 0 {
		step = len(b)
	}
	for len(b) > 0 {
		n := min(step, len(b))
		*buffered = append(*buffered, b[:n]...)
		b = b[n:]
		Feed(c, h, buffered, data)
	}
}

// Feed gives the connection what is buffered and answers its questions.
func Feed(c *engine.Conn, h *Host, buffered, data *[]byte) {
	for {
		for a := c.Pending(); a != nil; a = c.Pending() {
			c.Answer(h.Answer(a), Now)
		}
		n, got, err := c.Input(*buffered, Now)
		*data = append(*data, got...)
		*buffered = (*buffered)[n:]
		if n == 0 && c.Pending() == nil || err != nil {
			return
		}
	}
}

// Send writes application data at one end and moves it.
func (p *Pair) Send(from *engine.Conn, data []byte) error {
	b, err := from.Seal(nil, data)
	if err != nil {
		return err
	}
	if from == p.Client {
		p.ToServer = append(p.ToServer, b...)
		p.deliver(p.Server, p.ServerHost, b, &p.inServer, &p.ServerData)
	} else {
		p.ToClient = append(p.ToClient, b...)
		p.deliver(p.Client, p.ClientHost, b, &p.inClient, &p.ClientData)
	}
	return p.Run()
}

// Package tlstest has what tests need: certificates, two engines in memory, a
// fixed clock and randomness that can be repeated.
package tlstest

import (
	"errors"
	"fmt"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/ech"
	"github.com/handsel-tls/handsel/internal/protocol/engine"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/psk"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// Now is the time of all tests.
var Now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// A Host answers the questions of a connection.
type Host struct {
	Config     *handshake.Config
	Credential *sign.Credential                        // shown; nil: none
	Candidates []*sign.Credential                      // to choose from in its place
	Verify     func(*handshake.PeerCertificates) error // nil: everything is trusted
	Sessions   *session.Cache                          // of session IDs
	Register   *session.Register                       // of early data; nil: none is taken
	Settings   *handshake.Config                       // answer to Settings
	OuterHello bool                                    // likewise
	ECHKeys    *ech.Keys                               // answer to ECHKeys
	PSKs       []*psk.External                         // answer to PSKs
	Asked      []handshake.Question                    // what was asked
	Requests   []*handshake.CertificateRequest         // what a client was asked to show
	Fail       map[handshake.Question]error            // what it answers in place of an answer
	Asking     func(*handshake.Ask)                    // is called before a question is answered

	now time.Time
}

func (h *Host) time() time.Time {
	if h.now.IsZero() {
		return Now
	}
	return h.now
}

// Answer answers one question.
func (h *Host) Answer(a *handshake.Ask) handshake.Answer {
	h.Asked = append(h.Asked, a.Question)
	if h.Asking != nil {
		h.Asking(a)
	}
	if err := h.Fail[a.Question]; err != nil {
		return handshake.Answer{Err: err}
	}
	switch a.Question {
	case handshake.Settings:
		return handshake.Answer{Settings: h.Settings, OuterHello: h.OuterHello}
	case handshake.Credential:
		if a.Request != nil {
			h.Requests = append(h.Requests, a.Request)
		}
		return handshake.Answer{Credential: h.Credential, Candidates: h.Candidates}
	case handshake.Session:
		if a.SessionID != nil {
			if h.Sessions == nil {
				return handshake.Answer{}
			}
			return handshake.Answer{Session: h.Sessions.Get(a.SessionID, h.time())}
		}
		s, renew := a.Keys.Open(h.time(), a.Ticket)
		return handshake.Answer{Session: s, Renew: renew}
	case handshake.ECHKeys:
		return handshake.Answer{ECHKeys: h.ECHKeys}
	case handshake.PSKs:
		return handshake.Answer{PSKs: h.PSKs}
	case handshake.Signature:
		b, err := sign.Sign(a.Scheme, a.Credential.Key, h.Config.Rand, a.Content)
		return handshake.Answer{Bytes: b, Err: err}
	case handshake.Verdict:
		if h.Verify == nil {
			return handshake.Answer{}
		}
		return handshake.Answer{Err: h.Verify(a.Peer)}
	case handshake.Replay:
		if h.Register == nil {
			return handshake.Answer{}
		}
		why := h.Register.Seen(a.Content, a.Window, h.time())
		return handshake.Answer{Fresh: why == 0, Why: why}
	case handshake.Approval:
		return handshake.Answer{}
	case handshake.Premaster:
		b, err := sign.DecryptPremaster(a.Credential.Key, h.Config.Rand, a.Content, a.Length)
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
	middle             *Middle
	witness            *[2]*Witness // by trace.Side-1; nil: none is wanted
	now                time.Time
}

// end gives the end of a side.
func (p *Pair) end(side trace.Side) *engine.Conn {
	if side == trace.Server {
		return p.Server
	}
	return p.Client
}

// carry moves what a side has sent towards the other.
func (p *Pair) carry(from trace.Side, b []byte) {
	if p.middle != nil {
		p.middle.carry(from, b)
		return
	}
	p.arrive(from.Other(), b)
}

// arrive hands bytes over to a side.
func (p *Pair) arrive(at trace.Side, b []byte) {
	p.says(at, at.Other(), b)
	if at == trace.Server {
		p.deliver(p.Server, p.ServerHost, b, &p.inServer, &p.ServerData)
	} else {
		p.deliver(p.Client, p.ClientHost, b, &p.inClient, &p.ClientData)
	}
}

// NewPair joins two hosts.
func NewPair(client, server *Host) (*Pair, error) { return NewPairAt(client, server, Now) }

// NewPairAt joins two hosts at a time.
func NewPairAt(client, server *Host, now time.Time) (*Pair, error) {
	w := witness(client, server)
	c, err := engine.NewClient(client.Config, now)
	if err != nil {
		return nil, err
	}
	return &Pair{Client: c, Server: engine.NewServer(server.Config, now), ClientHost: client, ServerHost: server, now: now, witness: w}, nil
}

// Run moves bytes until nothing moves any more.
func (p *Pair) Run() error {
	defer p.keep()
	for range 10000 {
		toServer := p.flush(trace.Client, &p.ToServer)
		toClient := p.flush(trace.Server, &p.ToClient)
		if len(toServer) == 0 && len(toClient) == 0 {
			return errors.Join(wrap("client", p.Client.Err()), wrap("server", p.Server.Err()))
		}
		p.carry(trace.Client, toServer)
		p.carry(trace.Server, toClient)
	}
	return errors.New("the handshake does not end")
}

func wrap(side string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", side, err)
}

func (p *Pair) flush(from trace.Side, log *[]byte) []byte {
	c := p.end(from)
	c.Reply()
	p.arrive(from, nil) // it may have questions, and go on
	out := append([]byte(nil), c.Output()...)
	c.Sent()
	*log = append(*log, out...)
	p.says(from, from, out)
	return out
}

func (p *Pair) deliver(c *engine.Conn, h *Host, b []byte, buffered, data *[]byte) {
	step := p.Cut
	if step == 0 {
		step = len(b)
	}
	if len(b) == 0 {
		FeedAt(c, h, buffered, data, p.now)
	}
	for len(b) > 0 {
		n := min(step, len(b))
		*buffered = append(*buffered, b[:n]...)
		b = b[n:]
		FeedAt(c, h, buffered, data, p.now)
	}
}

// Feed gives the connection what is buffered and answers its questions.
func Feed(c *engine.Conn, h *Host, buffered, data *[]byte) { FeedAt(c, h, buffered, data, Now) }

// FeedAt is Feed at a time.
func FeedAt(c *engine.Conn, h *Host, buffered, data *[]byte, now time.Time) {
	h.now = now
	for {
		for a := c.Pending(); a != nil; a = c.Pending() {
			c.Answer(h.Answer(a), now)
		}
		n, got, err := c.Input(*buffered, now)
		*data = append(*data, got...)
		clear((*buffered)[:n]) // whoever kept a view of it shows
		*buffered = (*buffered)[n:]
		if n == 0 && c.Pending() == nil || err != nil {
			return
		}
	}
}

// Send writes application data at one end and moves it, after what is still to
// be sent.
func (p *Pair) Send(from *engine.Conn, data []byte) error {
	if err := p.Run(); err != nil {
		return err
	}
	b, err := from.Seal(nil, data)
	if err != nil {
		return err
	}
	if from == p.Client {
		p.says(trace.Client, trace.Client, b)
		p.ToServer = append(p.ToServer, b...)
		p.carry(trace.Client, b)
	} else {
		p.says(trace.Server, trace.Server, b)
		p.ToClient = append(p.ToClient, b...)
		p.carry(trace.Server, b)
	}
	return p.Run()
}

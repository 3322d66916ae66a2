package tlstest

import (
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/engine"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/verify"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// A Story runs a script of steps, one a line, with a server and a client, and
// tells what each step caused. The same script tells the same story at any
// time: the clock stands still and nothing random is told.
//
//	server SETTING=VALUE ...   is the server from here on
//	client SETTING=VALUE ...   is the client from here on
//	connect                    makes a new connection
//	resume                     makes one with the session of the last
//	connect warning=ALERT      the server sends a warning before its ServerHello
//	truncate N                 the server gets N bytes of a ClientHello, then the end
//	raw TEXT                   the server gets a line of text from someone
//	say SIDE TEXT              sends application data
//	update SIDE                asks the other side for new keys
//	close SIDE                 sends close_notify
//	eof SIDE                   the side sees the end of the connection
//
// The settings are policy, versions (1.2, 1.3 or 1.2-1.3), suites, groups and
// schemes (names with commas between), alpn, cert (a kind of key, expired,
// other-name, unknown-root or none); of a server auth (request, require) and
// resume (tickets, ids, no); of a client name.
type Story struct {
	out            strings.Builder
	client, server *Host
	pair           *Pair
	session        *handshake.Offered
}

// Tell runs a script and gives its story. The error names the step that cannot
// be understood.
func Tell(script string) (string, error) {
	s := &Story{}
	for _, line := range strings.Split(script, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fmt.Fprintf(&s.out, "> %s\n", line)
		if err := s.step(line); err != nil {
			return s.out.String(), fmt.Errorf("%s: %w", line, err)
		}
	}
	return s.out.String(), nil
}

func (s *Story) step(line string) (err error) {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "server":
		s.server, err = newHost(rest, trace.Server)
	case "client":
		s.client, err = newHost(rest, trace.Client)
	case "connect", "resume":
		err = s.connect(rest, word == "resume")
	case "truncate":
		err = s.truncate(rest)
	case "raw":
		s.feed([]byte(rest + "\r\n"))
	case "say", "update", "close", "eof":
		err = s.act(word, rest)
	default:
		err = fmt.Errorf("there is no such step")
	}
	return err
}

// newHost makes a host of its settings.
func newHost(settings string, side trace.Side) (*Host, error) {
	p := *policy.Modern()
	h := &Host{Sessions: session.NewCache(10), Config: &handshake.Config{
		Policy: &p, Rand: rand.Reader, Now: func() time.Time { return Now }, Record: true,
		ClientTickets: true, Tickets: new(session.Keys),
	}}
	if side == trace.Server {
		h.Credential = Credentials()["P-256"]
	} else {
		h.Config.ServerName = "a.example"
	}
	for _, setting := range strings.Fields(settings) {
		name, value, _ := strings.Cut(setting, "=")
		if err := h.set(&p, name, value); err != nil {
			return nil, err
		}
	}
	usage, name := verify.Server, h.Config.ServerName
	if side == trace.Server {
		usage = verify.Client
	}
	h.Verify = func(peer *handshake.PeerCertificates) error {
		_, err := verify.Chain(verify.Request{Chain: peer.Chain, Roots: Root().Pool(), Name: name, Now: Now, Usage: usage})
		return err
	}
	return h, nil
}

func (h *Host) set(p *policy.Policy, name, value string) (err error) {
	c := h.Config
	switch name {
	case "policy":
		var named *policy.Policy
		if named, err = policy.Named(value); err == nil {
			*p = *named
		}
	case "versions":
		from, to, both := strings.Cut(value, "-")
		if !both {
			to = from
		}
		*p = *p.Between(versions[from], versions[to])
	case "suites":
		p.Suites, err = named(value, policy.Compatible().Suites)
	case "groups":
		p.Groups, err = named(value, p.Groups)
	case "schemes":
		p.Schemes, err = named(value, p.Schemes)
	case "alpn":
		c.Protocols = strings.Split(value, ",")
	case "name":
		c.ServerName = value
	case "cert":
		h.Credential, err = storyCredential(value)
	case "auth":
		c.ClientAuth = map[string]handshake.ClientAuth{"request": handshake.RequestClientAuth, "require": handshake.RequireClientAuth}[value]
	case "resume":
		if value != "tickets" {
			c.Tickets, c.SessionIDs = nil, value == "ids"
		}
	default:
		err = fmt.Errorf("there is no setting %q", name)
	}
	return err
}

var versions = map[string]iana.Version{"1.2": iana.TLS12, "1.3": iana.TLS13}

// named gives the values of a list of names, of those that there are.
func named[T fmt.Stringer](names string, among []T) (list []T, err error) {
	for _, n := range strings.Split(names, ",") {
		i := slices.IndexFunc(among, func(v T) bool { return v.String() == n })
		if i < 0 {
			return nil, fmt.Errorf("%q is not in the policy", n)
		}
		list = append(list, among[i])
	}
	return list, nil
}

func storyCredential(kind string) (*sign.Credential, error) {
	if c, ok := Credentials()[kind]; ok {
		return c, nil
	}
	key, issuer, names := NewKey("P-256"), Root(), []string{"a.example"}
	var change func(*x509.Certificate)
	switch kind {
	case "none":
		return nil, nil
	case "expired":
		change = func(c *x509.Certificate) { c.NotAfter = Now.Add(-Days(3)) }
	case "other-name":
		names = []string{"b.example"}
	case "unknown-root":
		issuer = NewAuthority("Unknown root", nil)
	default:
		return nil, fmt.Errorf("there is no certificate %q", kind)
	}
	chain := issuer.Leaf(key, names, change)
	if issuer != Root() {
		chain = append(chain, issuer.DER)
	}
	return sign.NewCredential(chain, nil, key, sign.Extra{})
}

func (s *Story) connect(settings string, resume bool) (err error) {
	s.client.Config.Session = nil
	if resume {
		s.client.Config.Session = s.session
	}
	m := &Middle{}
	if alert, ok := strings.CutPrefix(settings, "warning="); ok {
		m.Alter = warning(alert)
	}
	if s.pair, err = NewPairThrough(s.client, s.server, m); err != nil {
		return err
	}
	_ = s.pair.Run() // what it gives is in the records
	s.tell(s.pair.Client, trace.Client)
	s.tell(s.pair.Server, trace.Server)
	for _, o := range s.pair.Server.TakeSessions() {
		s.server.Sessions.Put(o.SessionID, o.State)
	}
	if all := s.pair.Client.TakeSessions(); len(all) > 0 {
		s.session = all[0]
	}
	return nil
}

// warning puts a warning before the ServerHello.
func warning(name string) func(Piece) []Piece {
	var alert iana.Alert
	for alert.String() != name && alert < 255 {
		alert++
	}
	return func(p Piece) []Piece {
		if !p.Is(iana.MsgServerHello) {
			return []Piece{p}
		}
		b := wire.Alert{Level: iana.LevelWarning, Description: alert}.Append(nil)
		return []Piece{{From: p.From, Content: iana.ContentAlert, Bytes: b}, p}
	}
}

func (s *Story) truncate(n string) error {
	length, err := strconv.Atoi(n)
	if err != nil {
		return err
	}
	c, err := engine.NewClient(s.client.Config, Now)
	if err != nil {
		return err
	}
	s.feed(c.Output()[:length])
	return nil
}

// feed gives a new connection of the server bytes and then the end.
func (s *Story) feed(b []byte) {
	c := engine.NewServer(s.server.Config, Now)
	var data []byte
	Feed(c, s.server, &b, &data)
	_ = c.EOF(io.EOF, Now) // it is in the record
	s.tell(c, trace.Server)
}

// act does something on an open connection.
func (s *Story) act(what, rest string) error {
	name, text, _ := strings.Cut(rest, " ")
	side := trace.Server
	if name == trace.Client.String() {
		side = trace.Client
	}
	c := s.pair.end(side)
	s.pair.ServerData, s.pair.ClientData = nil, nil
	var err error
	switch what {
	case "say":
		err = s.pair.Send(c, []byte(text))
	case "update":
		err = c.KeyUpdate(true)
	case "close":
		c.Close()
	case "eof":
		err = c.EOF(io.EOF, Now)
	}
	fmt.Fprintf(&s.out, "  %v: %v\n", side, result(err))
	_ = s.pair.Run() // what it gives is told below
	s.condition(trace.Client)
	s.condition(trace.Server)
	return nil
}

func result(err error) string {
	if err == nil {
		return "ok"
	}
	return err.Error()
}

// condition tells what a side knows of an open connection.
func (s *Story) condition(side trace.Side) {
	c, data := s.pair.Client, s.pair.ClientData
	if side == trace.Server {
		c, data = s.pair.Server, s.pair.ServerData
	}
	if len(data) > 0 {
		fmt.Fprintf(&s.out, "  %v: received %q\n", side, data)
	}
	if c.CloseReceived() {
		fmt.Fprintf(&s.out, "  %v: the other side has closed\n", side)
	}
	if err := c.Err(); err != nil {
		fmt.Fprintf(&s.out, "  %v: %v\n", side, err)
	}
}

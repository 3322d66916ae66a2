package tlstest

import (
	"fmt"

	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/prf"
	"github.com/handsel-tls/handsel/internal/protocol/record"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// Packed is the Fragment of a Middle that puts as many messages as it can into
// a record.
const Packed = -1

// A Middle stands between the two ends of a Pair. It has the secrets of both
// from their key logs, so that it reads what one seals and seals anew what the
// other opens, and can alter every message on its way, encrypted or not. What
// it alters shows at the receiver as it would with a peer that had sent it.
type Middle struct {
	// Alter is given everything that crosses and returns what goes on in its
	// place: the piece itself, others, or nothing. nil alters nothing. A piece
	// of handshake is one message with its header; what is returned may be
	// anything, and an empty piece becomes an empty record.
	Alter func(Piece) []Piece
	// Fragment says how handshake messages are put into records: 0, each into
	// one of its own; Packed, all of a flight into one; else so many bytes into
	// each.
	Fragment int

	pair    *Pair
	secrets [3]map[string][]byte // by the side that logged them
	clients [3][]byte            // the client's random, by the side that logged it
	servers [3][]byte            // the server's, by the side that knows it
	ways    [3]way               // by the side that sends
}

// A Piece is what crosses: a handshake message with its header, or the content
// of a record of another type.
type Piece struct {
	From    trace.Side
	Content iana.ContentType
	Bytes   []byte
}

// Type gives the type of a handshake message.
func (p Piece) Type() iana.HandshakeType { return iana.HandshakeType(p.Bytes[0]) }

// Is reports whether the piece is a handshake message of the type.
func (p Piece) Is(t iana.HandshakeType) bool {
	return p.Content == iana.ContentHandshake && p.Type() == t
}

// way is what the Middle keeps of a direction.
type way struct {
	in, partial, held      []byte
	open                   record.Opener
	seal                   record.Sealer
	opened, sealed         schedule.Secret // the traffic secrets of TLS 1.3
	protected, protected13 bool
	early                  bool // with the keys of early data
	finished               bool // the Finished of the handshake has passed
}

// NewPairThrough joins two hosts with a Middle between them.
func NewPairThrough(client, server *Host, m *Middle) (*Pair, error) {
	m.secrets[trace.Client], m.secrets[trace.Server] = map[string][]byte{}, map[string][]byte{}
	client, server = m.listen(client, trace.Client), m.listen(server, trace.Server)
	p, err := NewPair(client, server)
	if err != nil {
		return nil, err
	}
	m.pair, p.middle = p, m
	for side := range m.ways {
		m.ways[side].seal.SetVersion(iana.TLS12)
		m.ways[side].seal.SetRand(client.Config.Rand)
	}
	return p, nil
}

// listen gives a copy of a host whose secrets the Middle hears.
func (m *Middle) listen(h *Host, side trace.Side) *Host {
	host := *h
	host.Config = m.tap(h.Config, side)
	if h.Settings != nil {
		host.Settings = m.tap(h.Settings, side)
	}
	return &host
}

func (m *Middle) tap(config *handshake.Config, side trace.Side) *handshake.Config {
	c := *config
	c.KeyLog = func(label string, random, secret []byte) {
		m.secrets[side][label] = append([]byte(nil), secret...)
		m.clients[side] = append([]byte(nil), random...)
		if config.KeyLog != nil {
			config.KeyLog(label, random, secret)
		}
	}
	return &c
}

// carry takes bytes that one side has sent and delivers what becomes of them,
// record by record, because the receiver has to answer one to have the keys for
// the next.
func (m *Middle) carry(from trace.Side, b []byte) {
	w := &m.ways[from]
	for w.in = append(w.in, b...); len(w.in) >= record.HeaderLen; {
		n := record.HeaderLen + int(w.in[3])<<8 + int(w.in[4])
		if len(w.in) < n {
			break
		}
		rec := append([]byte(nil), w.in[:n]...)
		w.in = w.in[n:]
		m.record(from, rec)
	}
	m.flush(from)
}

func (m *Middle) record(from trace.Side, rec []byte) {
	w := &m.ways[from]
	ct := iana.ContentType(rec[0])
	w.seal.SetVersion(iana.Version(rec[1])<<8 | iana.Version(rec[2]))
	if ct == iana.ContentChangeCipherSpec && m.meaningless(from) {
		m.pass(Piece{from, ct, rec[record.HeaderLen:]})
		return
	}
	if ct == iana.ContentApplicationData && !w.protected {
		label := "HANDSHAKE_TRAFFIC_SECRET"
		if m.early(from) {
			label = "EARLY_TRAFFIC_SECRET"
		}
		m.install13(from, label)
	}
	ct, content, err := w.open.Open(rec)
	if err != nil {
		panic(fmt.Sprintf("tlstest: what the %v sent cannot be read: %v", from, err))
	}
	if ct != iana.ContentHandshake {
		m.pass(Piece{from, ct, content})
		if ct == iana.ContentChangeCipherSpec {
			m.install12(from)
		}
		return
	}
	for w.partial = append(w.partial, content...); ; {
		_, raw, ok := wire.NextMessage(w.partial)
		if !ok {
			return
		}
		w.partial = append([]byte(nil), w.partial[len(raw):]...)
		p := Piece{from, ct, raw}
		m.pass(p)
		m.follow(p)
	}
}

// early reports whether what a side sends is protected with the keys of early
// data.
func (m *Middle) early(from trace.Side) bool {
	e := m.pair.Client.Established().Early
	return from == trace.Client && e != nil && e.State != handshake.EarlyRejected
}

// meaningless reports whether a ChangeCipherSpec of a side changes nothing.
func (m *Middle) meaningless(from trace.Side) bool { return m.version() == iana.TLS13 || m.early(from) }

// follow changes the keys of a direction with the sender.
func (m *Middle) follow(p Piece) {
	w := &m.ways[p.From]
	switch {
	case p.Type() == iana.MsgServerHello:
		m.flush(p.From) // so that the client has the keys for what follows
	case p.Type() == iana.MsgEndOfEarlyData && w.protected13:
		m.flush(p.From)
		m.install13(p.From, "HANDSHAKE_TRAFFIC_SECRET")
	case p.Type() == iana.MsgFinished && w.protected13 && !w.finished:
		w.finished = true
		m.flush(p.From)
		m.install13(p.From, "TRAFFIC_SECRET_0")
	case p.Type() == iana.MsgKeyUpdate && w.protected13:
		m.flush(p.From)
		w.opened, w.sealed = w.opened.NextTraffic(), w.sealed.NextTraffic()
		m.renew(p.From)
	}
}

// pass alters a piece and sends on what it has become.
func (m *Middle) pass(p Piece) {
	pieces := []Piece{p}
	m.note(p.From, p)
	if m.Alter != nil {
		pieces = m.Alter(p)
	}
	for _, q := range pieces {
		if q.Content != iana.ContentHandshake || len(q.Bytes) == 0 {
			m.flush(p.From)
			m.send(p.From, q.Content, q.Bytes)
			continue
		}
		m.note(p.From.Other(), q)
		w := &m.ways[p.From]
		w.held = append(w.held, q.Bytes...)
		if m.Fragment == 0 {
			m.flush(p.From)
		}
	}
}

// note keeps the server's random, as a side has sent or received it: in a
// renegotiation the engines do not tell.
func (m *Middle) note(side trace.Side, p Piece) {
	const at = wire.HeaderLen + 2
	if len(p.Bytes) >= at+32 && p.Is(iana.MsgServerHello) {
		m.servers[side] = append([]byte(nil), p.Bytes[at:at+32]...)
	}
}

// flush sends the handshake messages that are held.
func (m *Middle) flush(from trace.Side) {
	w := &m.ways[from]
	for len(w.held) > 0 {
		n := min(len(w.held), record.MaxPlaintext)
		if m.Fragment > 0 {
			n = min(n, m.Fragment)
		}
		part := w.held[:n]
		w.held = append([]byte(nil), w.held[n:]...)
		m.send(from, iana.ContentHandshake, part)
	}
}

func (m *Middle) send(from trace.Side, ct iana.ContentType, content []byte) {
	w := &m.ways[from]
	var rec []byte
	if ct == iana.ContentChangeCipherSpec && m.meaningless(from) {
		rec = append([]byte{byte(ct), 3, 3, 0, byte(len(content))}, content...)
	} else {
		rec = w.seal.Seal(nil, ct, content)
	}
	m.pair.arrive(from.Other(), rec)
}

// Raw delivers bytes to a side as they are.
func (m *Middle) Raw(to trace.Side, b []byte) { m.pair.arrive(to, b) }

func (m *Middle) version() iana.Version { return m.pair.Server.Established().Version }

// suiteOf gives the suite that a side goes by.
func (m *Middle) suiteOf(side trace.Side) iana.Suite {
	return m.pair.end(side).Established().Suite
}

// suiteFor gives the suite by which a side protects what goes in a direction:
// early data goes by that of its session.
func (m *Middle) suiteFor(from, side trace.Side) iana.Suite {
	if m.ways[from].early {
		return m.pair.ClientHost.Config.Session.State.Suite
	}
	return m.suiteOf(side)
}

// install13 changes to the keys of a secret in TLS 1.3: what the sender seals
// with is opened, what the receiver opens with is sealed with.
func (m *Middle) install13(from trace.Side, label string) {
	w := &m.ways[from]
	w.protected, w.protected13 = true, true
	if from == trace.Client {
		label = "CLIENT_" + label
	} else {
		label = "SERVER_" + label
	}
	w.early = label == "CLIENT_EARLY_TRAFFIC_SECRET"
	secret := func(side trace.Side) schedule.Secret {
		p, _ := suite.Of(m.suiteFor(from, side))
		return schedule.NewSecret(p.Hash, m.secrets[side][label])
	}
	w.opened, w.sealed = secret(from), secret(from.Other())
	m.renew(from)
}

func (m *Middle) renew(from trace.Side) {
	w := &m.ways[from]
	open, seal := record.Keys13(m.suiteFor(from, from), w.opened), record.Keys13(m.suiteFor(from, from.Other()), w.sealed)
	m.use(from, &open, &seal)
}

// use installs keys. A receiver that has none, because it has failed or never
// got so far, is sent what follows in the clear.
func (m *Middle) use(from trace.Side, open, seal *record.Keys) {
	w := &m.ways[from]
	if err := w.open.Install(open); err != nil {
		panic("tlstest: " + err.Error())
	}
	if _, ok := suite.Of(m.suiteOf(from.Other())); !ok {
		return
	}
	if err := w.seal.Install(seal); err != nil {
		panic("tlstest: " + err.Error())
	}
}

// install12 does the same in TLS 1.2 and below.
func (m *Middle) install12(from trace.Side) {
	w := &m.ways[from]
	w.protected = true
	keys := func(side trace.Side) record.Keys {
		e := m.pair.end(side).Established()
		p, _ := suite.Of(e.Suite)
		rules := record.RulesOf(e.Version)
		block := make([]byte, record.BlockLen(p, rules))
		prf.Of(e.Version, p.Hash).KeyBlock(block, m.secrets[side]["CLIENT_RANDOM"], m.clients[side], m.servers[side])
		client, server := record.KeysBlock(p, block, e.EtM, rules)
		if from == trace.Client {
			return client
		}
		return server
	}
	open, seal := keys(from), keys(from.Other())
	m.use(from, &open, &seal)
}

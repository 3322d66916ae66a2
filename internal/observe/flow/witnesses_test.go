package flow_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/observe/flow"
	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/observe/pcap"
	"github.com/handsel-tls/handsel/internal/observe/synth"
	"github.com/handsel-tls/handsel/internal/observe/tcp"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// TestEngineWitnesses runs the tests of the engine, and has the packets of every
// pair of engines tell what both engines have recorded: every version, suite and
// fault, resumption, early data, HelloRetryRequest, client certificates,
// renegotiation, Encrypted Client Hello and SSL 2.0, also with somebody in between
// who changes what is said. An observer without keys must not contradict the
// record; one with keys must have all of it.
func TestEngineWitnesses(t *testing.T) {
	var g guesses
	ends, around, faults, situations := 0, 0, map[fault.Code]bool{}, map[string]int{}
	for _, w := range witnesses(t) {
		ends++
		if w.Record.Failure != nil {
			faults[w.Record.Failure.Code] = true
		}
		if bypassed(w) {
			around++
			continue
		}
		for _, what := range situationsOf(w) {
			situations[what]++
		}
		for _, keys := range []bool{false, true} {
			s := observe(w, keys)
			if s == nil {
				t.Errorf("%s, %v: there is no story", w.Site, w.Side)
				break
			}
			check(t, w, s, keys, &g)
		}
	}
	t.Logf("%d ends of connections, %d faults; %d more are no witnesses", ends-around, len(faults), around)
	t.Log(situations)
	for _, what := range wantedSituations {
		if situations[what] == 0 {
			t.Errorf("there is no witness of: %s", what)
		}
	}
	t.Logf("%d alerts are encrypted: without keys %d of them are not told", g.all, g.wrong)
	if g.all < 500 || g.wrong*6 > g.all { // they are attacks: some look like a client that says goodbye at once
		t.Error("too many alerts are not told")
	}
	if ends-around < 5000 || len(faults) < 130 {
		t.Error("those are too few")
	}
}

// observe gives the story of the packets at an end.
func observe(w *tlstest.Witness, keys bool) (story *flow.Story) {
	o := flow.Options{Plain: true}
	if keys {
		o.Keys = &flow.Keys{Log: new(flow.KeyLog)}
		o.Keys.Log.Add([]byte(w.Keys))
	}
	table := tcp.NewTable(flow.NewFollower(func(s *flow.Story) { story = s }, o), tcp.Limits{})
	var s packet.Segment
	var u packet.Datagram
	var d packet.Decoder
	c := synth.New("192.0.2.1:40000", "198.51.100.1:443", func(p *pcap.Packet) {
		if d.Decode(p, &s, &u) == packet.TCP {
			table.Add(&s)
		}
	})
	play(c, w)
	table.Close()
	return story
}

// play sends what was said over a connection.
func play(c *synth.Conn, w *tlstest.Witness) {
	c.Open()
	for _, said := range w.Said {
		c.Send(said.From, said.Bytes)
	}
	if f := w.Record.Failure; f != nil {
		c.Close((&checker{w: w}).by())
	}
}

// A checker compares one end.
type checker struct {
	t    *testing.T
	w    *tlstest.Witness
	keys bool
	*guesses
}

// guesses are how often an encrypted alert had to be inferred, and was not.
type guesses struct{ all, wrong int }

func (g *guesses) guess(right bool) {
	if g.all++; !right {
		g.wrong++
	}
}

func (c *checker) differs(what string, here, there any) {
	c.t.Helper()
	c.t.Errorf("%s, %v, keys %v: %s: the packets say %v, the engine %v", c.w.Site, c.w.Side, c.keys, what, here, there)
}

func check(t *testing.T, w *tlstest.Witness, s *flow.Story, keys bool, g *guesses) {
	t.Helper()
	c, r := &checker{t, w, keys, g}, &w.Record
	if keys && r.ECH == trace.ECHAccepted {
		return // the key log has the random of the hello within, which is not known
	}
	answered := slices.ContainsFunc(s.Messages, func(m *flow.Message) bool { return m.Name == "ServerHello" && m.Broken == nil && !m.Cut })
	name := r.ServerName
	if r.OuterName != "" {
		name = r.OuterName
	}
	failed := r.Failure != nil // then the engine need not have come to all that was said
	if len(r.ClientHello) > 0 && s.ServerName != name && !(failed && name == "") {
		c.differs("server_name", s.ServerName, name)
	}
	if answered && len(r.ServerHello) > 0 {
		again := failed && r.Retried // what the HelloRetryRequest said stands in the record
		if r.Version != 0 && s.Version != r.Version && !again {
			c.differs("version", s.Version, r.Version)
		}
		if r.Suite != 0 && s.Suite != r.Suite && !again {
			c.differs("suite", s.Suite, r.Suite)
		}
		if resumed := s.Resumed == flow.Yes || s.Resumed == flow.Probably; r.Resumed && !resumed && !failed {
			c.differs("resumed", s.Resumed, r.Resumed)
		}
		if s.Retried != r.Retried {
			c.differs("retried", s.Retried, r.Retried)
		}
		if keys && s.ALPN != r.ALPN && !failed {
			c.differs("ALPN", s.ALPN, r.ALPN)
		}
	}
	c.hellos(s)
	c.ended(s)
	if keys {
		c.steps(s)
	}
}

// hellos compares the bytes of the hellos.
func (c *checker) hellos(s *flow.Story) {
	for name, want := range map[string][]byte{"ClientHello": c.w.Record.ClientHello, "ServerHello": c.w.Record.ServerHello} {
		if len(want) == 0 || c.ssl2(s) || c.w.Record.ECH != 0 && name == "ClientHello" {
			continue
		}
		if !slices.ContainsFunc(s.Messages, func(m *flow.Message) bool { return bytes.Equal(m.Raw, want) }) {
			c.differs(name, "another", "")
		}
	}
}

// ended compares how it ended.
func (c *checker) ended(s *flow.Story) {
	f := c.w.Record.Failure
	// Of SSL 2.0 errors are encrypted, and no alerts. What fails after the handshake
	// is not in its record, and later for a client than for a server.
	late := c.w.Record.Version == iana.TLS13 && s.Ended.By != c.w.Side
	switch {
	case c.ssl2(s):
	case f == nil && s.Failed():
		if s.Complete != flow.Yes && !late && !(s.Complete == flow.Probably && !c.keys) {
			c.differs("failed", true, false)
		}
	case f == nil:
	case !f.HasAlert:
		if !s.Failed() {
			c.differs("failed", false, f)
		}
	case !c.keys && c.hidden(s):
		c.guess(s.Failed() && s.Ended.How == "alert" && s.Ended.By == c.by())
	case !s.Failed():
		c.differs("failed", false, f)
	default:
		c.alert(s, f)
	}
}

// by gives the side that ended the handshake.
func (c *checker) by() trace.Side {
	if c.w.Record.Failure.By == trace.ByPeer {
		return c.w.Side.Other()
	}
	return c.w.Side
}

// hidden reports whether the alert of the side that ended the handshake is
// encrypted.
func (c *checker) hidden(s *flow.Story) bool {
	return slices.ContainsFunc(s.Messages, func(m *flow.Message) bool {
		return m.From == c.by() && m.Encrypted && m.Content != iana.ContentHandshake
	})
}

// alert looks for the alert. The other side may have sent one, too, at the same
// time.
func (c *checker) alert(s *flow.Story, f *trace.Failure) {
	for _, m := range s.Messages {
		if m.Content == iana.ContentAlert && m.From == c.by() && len(m.Raw) == 2 && iana.Alert(m.Raw[1]) == f.Alert {
			return
		}
	}
	if c.w.Record.EarlyData && c.by() == trace.Client && f.Alert != iana.AlertCloseNotify {
		return // it is encrypted with the keys of early data, which nobody is left to read
	}
	c.differs("ended", s.Ended, fmt.Sprint(f.Alert, ": ", f))
}

// ssl2 reports whether messages of SSL 2.0 were said.
func (c *checker) ssl2(s *flow.Story) bool {
	return slices.ContainsFunc(s.Messages, func(m *flow.Message) bool { return m.SSL2 })
}

// steps compares the messages.
func (c *checker) steps(s *flow.Story) {
	for _, side := range []trace.Side{trace.Client, trace.Server} {
		kind := trace.Received
		if side == c.w.Side {
			kind = trace.Sent
		}
		var want, got []string
		for _, step := range c.w.Record.Steps {
			if step.Kind == kind {
				want = append(want, step.Name)
			}
		}
		for _, m := range s.Messages {
			switch {
			case m.From != side || m.Cut || m.Raw == nil:
			case m.SSL2:
				got = append(got, iana.MsgClientHello.String())
			case m.Content == iana.ContentHandshake:
				got = append(got, m.Type.String())
			}
		}
		if s.Version == iana.SSL20 {
			continue
		}
		if c.w.Record.Failure != nil && kind == trace.Sent { // what it was about to send need not have left
			want = want[:min(len(want), len(got))]
		}
		if !contains(got, want) {
			c.differs("messages of the "+side.String(), got, want)
		}
	}
}

// contains reports whether some of list, one after the other, are those of part.
func contains(list, part []string) bool {
	for i := range list {
		if i+len(part) <= len(list) && slices.Equal(list[i:i+len(part)], part) {
			return true
		}
	}
	return len(part) == 0
}

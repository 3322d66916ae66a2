package engine_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/engine"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

var machineNames = map[trace.Topic]string{
	handshake.HelloServer:  "Server, version not known",
	handshake.HelloClient:  "Client, version not known",
	handshake.Server13:     "Server, TLS 1.3",
	handshake.Client13:     "Client, TLS 1.3",
	handshake.LegacyServer: "Server, TLS 1.2",
	handshake.LegacyClient: "Client, TLS 1.2",
	handshake.ServerPost:   "Server, authentication after the handshake of TLS 1.3",
	handshake.ClientPost:   "Client, authentication after the handshake of TLS 1.3",
}

// place is a state of a machine.
type place struct {
	machine trace.Topic
	state   string
}

func (p place) String() string { return machineNames[p.machine] + ": " + p.state }

// machineOf tells which machine a side is in, knowing the version.
func machineOf(side trace.Side, v iana.Version) trace.Topic {
	m := map[iana.Version]trace.Topic{0: handshake.HelloServer, iana.TLS12: handshake.LegacyServer, iana.TLS13: handshake.Server13}[v]
	if side == trace.Client {
		m++ // each client follows its server
	}
	return m
}

func placeOf(p *tlstest.Pair, side trace.Side) place {
	c := p.Server
	if side == trace.Client {
		c = p.Client
	}
	return place{machineOf(side, c.Established().Version), c.State()}
}

func diagramOf(machine trace.Topic) handshake.Diagram {
	for _, d := range engine.Diagrams() {
		if d.Machine == machine {
			return d
		}
	}
	panic("no such machine")
}

// triggers are what a state accepts.
func (p place) triggers() (list []handshake.Trigger) {
	d := diagramOf(p.machine)
	for _, e := range d.Edges {
		if d.States[e.From] == p.state {
			list = append(list, e.On)
		}
	}
	return list
}

// TestDiagramShape checks the tables by themselves: the states have names of
// their own, every one can be reached from the first, and from every one the
// last can be reached.
func TestDiagramShape(t *testing.T) {
	for _, d := range engine.Diagrams() {
		last := handshake.State(len(d.States) - 1)
		seen := map[string]bool{}
		for i, name := range d.States {
			if name == "" || seen[name] {
				t.Errorf("%s: state %d has the name %q", machineNames[d.Machine], i, name)
			}
			seen[name] = true
			if !leads(d, 0, handshake.State(i)) {
				t.Errorf("%s: nothing leads to %s", machineNames[d.Machine], name)
			}
			if !leads(d, handshake.State(i), last) {
				t.Errorf("%s: %s is a dead end", machineNames[d.Machine], name)
			}
		}
		if len(d.Edges) == 0 || slices.ContainsFunc(d.Edges, func(e handshake.Edge) bool { return e.From == last }) {
			t.Errorf("%s: the last state leads on", machineNames[d.Machine])
		}
	}
}

// leads reports whether there is a way.
func leads(d handshake.Diagram, from, to handshake.State) bool {
	reached := []handshake.State{from}
	for i := 0; i < len(reached); i++ {
		if reached[i] == to {
			return true
		}
		for _, e := range d.Edges {
			if e.From == reached[i] && !slices.Contains(reached, e.To) {
				reached = append(reached, e.To)
			}
		}
	}
	return false
}

// TestEveryStateAndStep walks all scenarios and checks that together they rest
// in every state and take every step of every machine.
func TestEveryStateAndStep(t *testing.T) {
	rested := map[place]bool{}
	walked := map[trace.Topic]map[[2]string]bool{}
	for _, s := range scenarios {
		client, server := s.hosts(t)
		m := &tlstest.Middle{}
		p := through(t, client, server, m)
		m.Alter = func(piece tlstest.Piece) []tlstest.Piece {
			rested[placeOf(p, piece.From.Other())] = true
			return []tlstest.Piece{piece}
		}
		waits(t, p.ClientHost, p.Client, func() { rested[placeOf(p, trace.Client)] = true })
		waits(t, p.ServerHost, p.Server, func() { rested[placeOf(p, trace.Server)] = true })
		if err := p.Run(); err != nil || !p.Client.Complete() || !p.Server.Complete() {
			t.Fatalf("%s: %v", s.name, err)
		}
		for _, r := range []*trace.Record{p.Client.Record(), p.Server.Record()} {
			if r.Lost > 0 {
				t.Errorf("%s: %d events were lost", s.name, r.Lost)
			}
			walk(r, walked)
		}
	}
	walk(withoutStatus(t), walked)
	for _, r := range postRecords(t) {
		walkPost(r, walked, rested)
	}
	for _, d := range engine.Diagrams() {
		for i, name := range d.States {
			here := place{d.Machine, name}
			passing := i == len(d.States)-1 || slices.Contains(here.triggers(), handshake.Begin)
			if !passing && !rested[here] {
				t.Errorf("no scenario comes to %v", here)
			}
		}
		for _, e := range d.Edges {
			step := [2]string{d.States[e.From], d.States[e.To]}
			if e.From != e.To && !walked[d.Machine][step] {
				t.Errorf("%s: no scenario goes from %s to %s", machineNames[d.Machine], step[0], step[1])
			}
		}
	}
}

// withoutStatus lets a server leave out the CertificateStatus that it announced,
// as it may (RFC 6066, section 8). It has been taken out on its way, so that
// the handshake goes wrong in the end.
func withoutStatus(t *testing.T) *trace.Record {
	client, server := hosts12("RSA-2048", rsaOnly, stapled)(t)
	m := &tlstest.Middle{Alter: func(piece tlstest.Piece) []tlstest.Piece {
		if piece.Is(iana.MsgCertificateStatus) {
			return nil
		}
		return []tlstest.Piece{piece}
	}}
	p := through(t, client, server, m)
	p.Run()
	if !isFault(p.Server.Err(), fault.FinishedWrong) {
		t.Errorf("without the status: client %v, server %v", p.Client.Err(), p.Server.Err())
	}
	return p.Client.Record()
}

// waits checks at every question that the connection takes no input before it
// is answered.
func waits(t *testing.T, h *tlstest.Host, c *engine.Conn, seen func()) {
	h.Asking = func(a *handshake.Ask) {
		seen()
		if n, _, err := c.Input([]byte{22, 3, 3, 0, 4, 20, 0, 0, 0}, tlstest.Now); n != 0 || err != nil {
			t.Errorf("%s took %d bytes while it waited for the %v: %v", c.State(), n, a.Question, err)
		}
	}
}

// walk notes the steps of a record.
func walk(r *trace.Record, walked map[trace.Topic]map[[2]string]bool) {
	machine := machineOf(r.Side, 0)
	d := diagramOf(machine)
	at := d.States[0]
	for _, s := range r.Steps {
		if s.Kind != trace.Entered {
			continue
		}
		if walked[machine] == nil {
			walked[machine] = map[[2]string]bool{}
		}
		walked[machine][[2]string{at, s.Name}] = true
		if at = s.Name; at == d.States[len(d.States)-1] && machine == machineOf(r.Side, 0) {
			machine = machineOf(r.Side, r.Version)
			d = diagramOf(machine)
			at = d.States[0]
		}
	}
}

// walkPost does the same for the authentication of a client after the handshake.
func walkPost(r *trace.Record, walked map[trace.Topic]map[[2]string]bool, rested map[place]bool) {
	machine := handshake.ServerPost
	if r.Side == trace.Client {
		machine = handshake.ClientPost
	}
	at := diagramOf(machine).States[0]
	rested[place{machine, at}] = true
	for _, s := range r.Steps {
		if s.Kind == trace.Entered {
			if walked[machine] == nil {
				walked[machine] = map[[2]string]bool{}
			}
			walked[machine][[2]string{at, s.Name}] = true
			at = s.Name
			rested[place{machine, at}] = true
		}
	}
}

// everyMessage are the types of handshake messages, and some that are none.
var everyMessage = []iana.HandshakeType{
	iana.MsgHelloRequest, iana.MsgClientHello, iana.MsgServerHello, iana.MsgNewSessionTicket, iana.MsgEndOfEarlyData,
	iana.MsgEncryptedExtensions, iana.MsgCertificate, iana.MsgServerKeyExchange, iana.MsgCertificateRequest,
	iana.MsgServerHelloDone, iana.MsgCertificateVerify, iana.MsgClientKeyExchange, iana.MsgFinished,
	iana.MsgCertificateStatus, iana.MsgKeyUpdate, iana.MsgCompressedCertificate, iana.MsgMessageHash, 3, 6, 99, 255,
}

// TestEveryMessageInEveryState sends every type of message to every state that
// waits for one: what the diagram does not accept is refused.
func TestEveryMessageInEveryState(t *testing.T) {
	done := map[place]bool{}
	for _, s := range scenarios {
		for _, here := range placesOf(t, s) {
			if done[here] {
				continue
			}
			done[here] = true
			accepted := here.triggers()
			for _, m := range everyMessage {
				if slices.Contains(accepted, handshake.Trigger(m)) {
					continue
				}
				if m == iana.MsgHelloRequest && (here.machine == handshake.HelloClient || here.machine == handshake.LegacyClient) {
					continue // it is ignored: TestHelloRequestInHandshake
				}
				piece := tlstest.Piece{Content: iana.ContentHandshake, Bytes: []byte{byte(m), 0, 0, 0}}
				if err := inject(t, s, here, piece); !isFault(err, refusedBy(here)) {
					t.Errorf("%v: %v was not refused: %v", here, m, err)
				}
			}
			changeCipherSpecAt(t, s, here)
		}
	}
}

// TestHelloRequestInHandshake sends HelloRequests before every message of a
// server of TLS 1.2: a client in its handshake ignores them, to a point. RFC
// 5246, section 7.4.1.1.
func TestHelloRequestInHandshake(t *testing.T) {
	for _, n := range []int{1, 33} {
		client, server := hosts12("P-256", wantsClient, stapled)(t)
		p := through(t, client, server, &tlstest.Middle{Alter: func(p piece) pieces {
			if p.From == trace.Client || p.Content != iana.ContentHandshake {
				return pieces{p}
			}
			return append(times(n, piece{From: p.From, Content: p.Content, Bytes: message(iana.MsgHelloRequest)}), p)
		}})
		if err := p.Run(); (n == 1) != (err == nil) || (n == 1) != p.Client.Complete() {
			t.Errorf("%d before each message: %v", n, err)
		}
	}
}

// refusedBy is the fault of a message that the state does not wait for.
func refusedBy(p place) fault.Code {
	if slices.Contains(p.triggers(), handshake.ChangeCipherSpec) {
		return fault.MissingChangeCipherSpec
	}
	return fault.UnexpectedMessage
}

func isFault(err error, want fault.Code) bool {
	code, ok := fault.Of(err)
	return ok && code == want
}

// changeCipherSpecAt sends that record to a state: TLS 1.3 gives it no
// meaning, nor does a client that may come to it; TLS 1.2 has one place for it.
func changeCipherSpecAt(t *testing.T, s scenario, here place) {
	t.Helper()
	piece := tlstest.Piece{Content: iana.ContentChangeCipherSpec, Bytes: []byte{1}}
	err := inject(t, s, here, piece)
	switch {
	case here.machine == handshake.Client13 || here.machine == handshake.Server13 || here.machine == handshake.HelloClient:
		if err != nil {
			t.Errorf("%v: change_cipher_spec ended the handshake: %v", here, err)
		}
	case slices.Contains(here.triggers(), handshake.ChangeCipherSpec):
	case !isFault(err, fault.UnexpectedChangeCipherSpec):
		t.Errorf("%v: change_cipher_spec was not refused: %v", here, err)
	}
}

// placesOf gives the states of both sides in which a message of the scenario
// is received.
func placesOf(t *testing.T, s scenario) (places []place) {
	client, server := s.hosts(t)
	m := &tlstest.Middle{}
	p := through(t, client, server, m)
	m.Alter = func(piece tlstest.Piece) []tlstest.Piece {
		if here := placeOf(p, piece.From.Other()); counts(piece, here) {
			places = append(places, here)
		}
		return []tlstest.Piece{piece}
	}
	if err := p.Run(); err != nil {
		t.Fatalf("%s: %v", s.name, err)
	}
	return places
}

// counts reports whether the piece is one that the state waits for, and not a
// ChangeCipherSpec that TLS 1.3 passes over or something after the handshake.
func counts(p tlstest.Piece, here place) bool {
	return here.state != "CONNECTED" && (p.Content == iana.ContentHandshake || here.machine >= handshake.LegacyServer)
}

// inject runs a scenario and puts a piece before the first that a side receives
// in the given state. It gives what ended that side.
func inject(t *testing.T, s scenario, here place, piece tlstest.Piece) error {
	t.Helper()
	client, server := s.hosts(t)
	m := &tlstest.Middle{}
	p := through(t, client, server, m)
	var at *engine.Conn
	m.Alter = func(original tlstest.Piece) []tlstest.Piece {
		to := original.From.Other()
		if at != nil || placeOf(p, to) != here || !counts(original, here) {
			return []tlstest.Piece{original}
		}
		if at = p.Server; to == trace.Client {
			at = p.Client
		}
		piece.From = original.From
		return []tlstest.Piece{piece, original}
	}
	p.Run()
	if at == nil {
		t.Fatalf("%s: %v was not reached again", s.name, here)
	}
	return at.Err()
}

// TestEveryMessageAfterTheHandshake does the same once it is complete.
func TestEveryMessageAfterTheHandshake(t *testing.T) {
	accepted := map[string][]iana.HandshakeType{
		fmt.Sprint(iana.TLS13, trace.Client): {iana.MsgKeyUpdate, iana.MsgNewSessionTicket},
		fmt.Sprint(iana.TLS13, trace.Server): {iana.MsgKeyUpdate},
		fmt.Sprint(iana.TLS12, trace.Client): {iana.MsgHelloRequest}, // a warning is the answer
		fmt.Sprint(iana.TLS12, trace.Server): {iana.MsgClientHello},
	}
	for _, v := range bothVersions {
		for _, side := range []trace.Side{trace.Client, trace.Server} {
			for _, message := range everyMessage {
				err := afterwards(t, v, side, []byte{byte(message), 0, 0, 0})
				wanted := slices.Contains(accepted[fmt.Sprint(v, side)], message)
				refused := fault.UnexpectedMessage
				if v == iana.TLS12 && side == trace.Client {
					refused = fault.HelloRequestExpected
				}
				if isFault(err, refused) == wanted {
					t.Errorf("%v, %v: %v gave %v", v, side, message, err)
				}
			}
		}
	}
}

// afterwards sends handshake messages to a side whose handshake is complete,
// and gives what that led to.
func afterwards(t *testing.T, v iana.Version, side trace.Side, messages ...[]byte) error {
	t.Helper()
	client, server := hostsOf(v, "P-256")
	m := &tlstest.Middle{}
	p := through(t, client, server, m)
	if err := p.Run(); err != nil {
		t.Fatal(err)
	}
	m.Alter = func(piece tlstest.Piece) (pieces []tlstest.Piece) {
		if piece.Content != iana.ContentApplicationData {
			return []tlstest.Piece{piece}
		}
		for _, b := range messages {
			pieces = append(pieces, tlstest.Piece{From: piece.From, Content: iana.ContentHandshake, Bytes: b})
		}
		return append(pieces, piece)
	}
	from, to := p.Client, p.Server
	if side == trace.Client {
		from, to = p.Server, p.Client
	}
	p.Send(from, []byte("data"))
	return to.Err()
}

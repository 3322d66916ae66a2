package web

import (
	"slices"

	"github.com/handsel-tls/handsel/internal/observe/field"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/serve/endpoint"
	"github.com/handsel-tls/handsel/tls"
)

// A transcript gives the messages of a handshake of a server in the order of its
// steps.
type transcript struct {
	h      *endpoint.Handshake
	rest   []tls.Message // not given yet
	passed []Message     // each ChangeCipherSpec before the message that was given last
	seen   map[iana.HandshakeType]int
	sealed [2]bool // what a side sends is encrypted from here on; by trace.Side-1
}

func newTranscript(h *endpoint.Handshake) *transcript {
	return &transcript{h: h, rest: h.Messages, seen: map[iana.HandshakeType]int{}}
}

// next gives the next message of a type that a side has sent. Where the bytes were
// not kept those of the two hellos are in the record.
func (t *transcript) next(typ iana.HandshakeType, from trace.Side) Message {
	m := Message{From: from, Name: wire.MessageName(typ)}
	before := t.seen[typ]
	t.seen[typ]++
	retry := typ == iana.MsgServerHello && t.h.Retried && before == 0
	if retry {
		m.Name = "HelloRetryRequest"
	}
	raw := t.take(from, iana.ContentHandshake, func(b []byte) bool { return len(b) >= wire.HeaderLen && b[0] == byte(typ) })
	switch {
	case typ == iana.MsgClientHello && before == 0 && len(t.h.ClientHello) > 0:
		raw = t.h.ClientHello // of an encrypted one the inner
	case raw == nil && typ == iana.MsgServerHello && !retry:
		raw = t.h.ServerHello
	}
	if len(raw) >= wire.HeaderLen && raw[0] == byte(typ) {
		m.Length = len(raw)
		m.Tree = field.Handshake(raw, t.context(from, retry))
	}
	t.seal(&m)
	if typ == iana.MsgServerHello && !retry && iana.Version(t.h.Version) == iana.TLS13 {
		t.sealed = [2]bool{true, true} // RFC 9846, section 4
	}
	return m
}

// alert gives the next alert that a side has sent.
func (t *transcript) alert(from trace.Side) Message {
	m := Message{From: from, Name: "Alert"}
	if raw := t.take(from, iana.ContentAlert, func([]byte) bool { return true }); raw != nil {
		m.Length, m.Tree = len(raw), field.Alert(raw)
	}
	if !t.clear(from) {
		t.seal(&m)
	}
	return m
}

func (t *transcript) context(from trace.Side, retry bool) field.Context {
	return field.Context{Version: iana.Version(t.h.Version), Suite: iana.Suite(t.h.CipherSuite), From: from, Retry: retry}
}

// clear reports whether the last that a side sent was an alert that everybody could
// read: a client that does not like the ServerHello of TLS 1.3 has no keys yet.
func (t *transcript) clear(from trace.Side) bool {
	for _, p := range slices.Backward(t.h.Passages) {
		if p.Sent == (from == trace.Server) {
			return iana.Version(t.h.Version) == iana.TLS13 && iana.ContentType(p.Bytes[0]) == iana.ContentAlert
		}
	}
	return false
}

// seal says of a message that it goes encrypted.
func (t *transcript) seal(m *Message) {
	if t.sealed[m.From-1] {
		m.Seal = "encrypted on the wire; this server sees inside"
	}
}

// take gives the bytes of the next message of a side that is as wanted; nil: there is
// none. A ChangeCipherSpec on the way says that the side goes over to encryption, but
// in TLS 1.3, where it says nothing (RFC 9846, appendix E.4).
func (t *transcript) take(from trace.Side, content iana.ContentType, wanted func([]byte) bool) []byte {
	t.passed = nil
	of := func(m tls.Message, content iana.ContentType) bool {
		return m.Sent == (from == trace.Server) && iana.ContentType(m.ContentType) == content
	}
	at := slices.IndexFunc(t.rest, func(m tls.Message) bool { return of(m, content) && wanted(m.Bytes) })
	if at < 0 {
		return nil
	}
	raw := t.rest[at].Bytes
	var rest []tls.Message
	for i, m := range t.rest {
		switch {
		case i < at && of(m, iana.ContentChangeCipherSpec):
			t.sealed[from-1] = t.sealed[from-1] || iana.Version(t.h.Version) < iana.TLS13
			t.passed = append(t.passed, Message{From: from, Name: "ChangeCipherSpec", Length: len(m.Bytes), Tree: field.ChangeCipherSpec(m.Bytes)})
		case i != at:
			rest = append(rest, m)
		}
	}
	t.rest = rest
	return raw
}

package tls

import (
	"bytes"
	stdtls "crypto/tls"
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// kept has the records of a side hold what was said.
func kept(s *side) (record func() *Record) {
	got := make(chan *Record, 4)
	s.change = func(c *Config) { c.KeepMessages, c.OnHandshake = true, func(r *Record) { got <- r } }
	return func() *Record { return <-got }
}

// typesOf gives the types of the handshake messages of a record.
func typesOf(r *Record) (list []iana.HandshakeType) {
	for _, m := range r.Messages {
		if m.ContentType == uint8(iana.ContentHandshake) {
			list = append(list, iana.HandshakeType(m.Bytes[0]))
		}
	}
	return list
}

// onWire gives what one of the two sides sent as a record has it.
func onWire(r *Record, server bool) (b []byte) {
	for _, p := range r.Passages {
		if p.Sent == (r.Server == server) {
			b = append(b, p.Bytes...)
		}
	}
	return b
}

// TestKeepMessages: both records hold the same messages in the clear, and the same
// bytes of the wire; without the setting they hold none.
func TestKeepMessages(t *testing.T) {
	for v, want := range map[uint16][]iana.HandshakeType{
		VersionTLS13: {iana.MsgClientHello, iana.MsgServerHello, iana.MsgEncryptedExtensions, iana.MsgCertificate, iana.MsgCertificateVerify, iana.MsgFinished, iana.MsgFinished},
		VersionTLS12: {iana.MsgClientHello, iana.MsgServerHello, iana.MsgCertificate, iana.MsgServerKeyExchange, iana.MsgServerHelloDone, iana.MsgClientKeyExchange, iana.MsgFinished, iana.MsgFinished},
	} {
		client, server := clientSide(nil), serverSide(v, func(c *stdtls.Config) { c.SessionTicketsDisabled = true })
		ofClient, ofServer := kept(client), kept(server)
		meet(t, pairing{true, true}, client, server).good(t)
		c, s := ofClient(), ofServer()
		for _, r := range []*Record{c, s} {
			if got := typesOf(r); !slices.Equal(got, want) {
				t.Errorf("%s, server %v: %v", VersionName(v), r.Server, got)
			}
		}
		// Who is done first does not see the last of the other.
		for _, fromServer := range []bool{true, false} {
			a, b := onWire(c, fromServer), onWire(s, fromServer)
			if n := min(len(a), len(b)); n < 100 || !bytes.Equal(a[:n], b[:n]) {
				t.Errorf("%s, sent by the server: %v: the client has\n%x\nand the server\n%x", VersionName(v), fromServer, a, b)
			}
		}
	}
	client, server := clientSide(nil), serverSide(VersionTLS13, nil)
	var without *Record
	server.change = func(c *Config) { c.OnHandshake = func(r *Record) { without = r } }
	meet(t, pairing{true, true}, client, server).good(t)
	if without.Messages != nil || without.Passages != nil {
		t.Errorf("%d messages and %d passages", len(without.Messages), len(without.Passages))
	}
}

// TestKeepMessagesOfFailure: the alert that ends a handshake is there, and what was no
// TLS at all.
func TestKeepMessagesOfFailure(t *testing.T) {
	client := clientSide(func(c *stdtls.Config) { c.MaxVersion = VersionTLS12 })
	server := serverSide(VersionTLS13, nil)
	ofServer := kept(server)
	meet(t, pairing{true, true}, client, server).bad(t)
	r := ofServer()
	if last := r.Messages[len(r.Messages)-1]; !last.Sent || last.ContentType != uint8(iana.ContentAlert) || last.Bytes[1] != uint8(iana.AlertProtocolVersion) {
		t.Errorf("the last message is %+v", last)
	}
	if sent := onWire(r, true); !bytes.HasSuffix(sent, []byte{0, 2, 2, byte(iana.AlertProtocolVersion)}) {
		t.Errorf("the server sent %x", sent)
	}
	c, s := tcpPair(t)
	config := serverSide(VersionTLS13, nil)
	ofServer = kept(config)
	go c.Write([]byte("GET / HTTP/1.1\r\n\r\n"))
	if Server(s, config.config()).Handshake() == nil {
		t.Fatal("HTTP is taken for TLS")
	}
	if got := onWire(ofServer(), false); string(got) != "GET / HTTP/1.1\r\n\r\n" {
		t.Errorf("the client sent %q", got)
	}
}

// TestKeepMessagesLimit: a record does not grow with what a peer sends.
func TestKeepMessagesLimit(t *testing.T) {
	s := &said{}
	for range 100 {
		s.message(false, iana.ContentHandshake, make([]byte, 1000))
		s.passage(false, testTime(), make([]byte, 1000))
	}
	var r Record
	s.keep(&r)
	if len(r.Messages) != mostSaid/1000 || len(r.Passages) != mostSaid/1000 {
		t.Errorf("%d messages, %d passages", len(r.Messages), len(r.Passages))
	}
}

// BenchmarkKeepMessages is what it costs a server to keep what is said in a handshake
// of TLS 1.3 with a certificate of 600 bytes.
func BenchmarkKeepMessages(b *testing.B) {
	config := serverSide(VersionTLS13, nil).config()
	config.KeepMessages = true
	conn := Server(nil, config)
	p, now := config.prepare(), testTime()
	messages := [][]byte{make([]byte, 512), make([]byte, 122), make([]byte, 20), make([]byte, 620), make([]byte, 80), make([]byte, 36), make([]byte, 36)}
	b.ReportAllocs()
	for b.Loop() {
		conn.watched(&p.server, now)
		s := conn.said.Load()
		for _, m := range messages {
			s.message(true, iana.ContentHandshake, m)
		}
		for _, n := range []int{517, 1000, 70} {
			s.passage(true, now, make([]byte, n))
		}
		s.keep(&Record{})
	}
}

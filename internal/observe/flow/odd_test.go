package flow_test

import (
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/observe/flow"
	"github.com/handsel-tls/handsel/internal/observe/synth"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// record gives a record of TLS 1.2 with a content.
func record(t iana.ContentType, content string) string {
	return string([]byte{byte(t), 3, 3, byte(len(content) >> 8), byte(len(content))}) + content
}

// answered gives the story of a ClientHello and what a server says to it.
func answered(t *testing.T, parts ...string) *flow.Story {
	t.Helper()
	return told(t, func(c *synth.Conn) {
		c.Open()
		c.Send(trace.Client, []byte(clientHello))
		for _, part := range parts {
			c.Send(trace.Server, []byte(part))
		}
		c.Close(trace.Client)
	})
}

const (
	serverHello = "\x02\x00\x00\x2e\x03\x03" + "0123456789abcdef0123456789abcdef" + "\x00\x13\x01\x00\x00\x06\x00\x2b\x00\x02\x03\x04"
	brokenHello = "\x02\x00\x00\x32\x03\x03" + "0123456789abcdef0123456789abcdef" + "\x00\x13\x01\x00\x00\x0a\x00\x2b\x00\x02\x03\x04\x00\x33\x00\x09"
)

// TestFirstMessageUnknown: a server whose first message nobody knows speaks TLS.
func TestFirstMessageUnknown(t *testing.T) {
	s := answered(t, record(iana.ContentHandshake, "\x63\x00\x00\x00"))
	if len(s.Messages) != 2 || s.Messages[1].From != trace.Server || s.Messages[1].Type != 0x63 || len(s.First[trace.Server-1]) > 0 {
		t.Errorf("%d messages, %q", len(s.Messages), s.First)
	}
}

// TestEarlyChangeCipherSpec: before its ServerHello a server has no keys to change
// to. RFC 9846, appendix E.4.
func TestEarlyChangeCipherSpec(t *testing.T) {
	s := answered(t, record(iana.ContentChangeCipherSpec, "\x01"), record(iana.ContentHandshake, serverHello))
	if n := len(s.Messages); s.Version != iana.TLS13 || n != 3 || s.Messages[2].Name != "ServerHello" {
		t.Errorf("%v, %d messages", s.Version, n)
	}
}

// TestBrokenServerHello takes the version from the part that makes sense, and a
// second one changes nothing.
func TestBrokenServerHello(t *testing.T) {
	s := answered(t, record(iana.ContentHandshake, brokenHello))
	if n := len(s.Messages); n != 2 || s.Messages[1].Broken == nil || s.Version != iana.TLS13 || s.Complete != flow.No {
		t.Errorf("%v, complete %v, %d messages", s.Version, s.Complete, n)
	}
	s = answered(t, record(iana.ContentHandshake, serverHello), record(iana.ContentHandshake, "\x02\x00\x00\x02\x03\x01"))
	if s.Version != iana.TLS13 {
		t.Errorf("a second ServerHello makes it %v", s.Version)
	}
}

// TestDraftServerHello: the drafts of TLS 1.3 before 22 had a shorter ServerHello.
func TestDraftServerHello(t *testing.T) {
	hello := "\x02\x00\x00\x30\x7f\x12" + "0123456789abcdef0123456789abcdef" + "\x13\x02\x00\x0a\x00\x28\x00\x06\x00\x1d\x00\x02kk"
	s := answered(t, record(iana.ContentHandshake, hello))
	if m := s.Messages[1]; m.Broken != nil || s.Version != 0x7f12 || s.Suite != iana.TLS_AES_256_GCM_SHA384 || s.Group != iana.X25519 || s.JA3S == "" {
		t.Errorf("%v %v %v %q, %v", s.Version, s.Suite, s.Group, s.JA3S, m.Broken)
	}
	s = answered(t, record(iana.ContentHandshake, strings.Replace(hello, "\x7f\x12", "\x03\x04", 1)))
	if m := s.Messages[1]; m.Broken != nil || s.Version != iana.TLS13 || s.Suite != iana.TLS_AES_256_GCM_SHA384 || s.Group != iana.X25519 || s.Tree(m).Find("ServerHello.cipher_suite") == nil {
		t.Errorf("with the final number: %v %v %v, %v", s.Version, s.Suite, s.Group, m.Broken)
	}
}

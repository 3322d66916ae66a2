package flow

import (
	"github.com/handsel-tls/handsel/internal/observe/field"
	"github.com/handsel-tls/handsel/internal/protocol/compress"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// Tree gives the fields of a message of the story; nil if its bytes are not known.
func (s *Story) Tree(m *Message) *field.Field {
	switch {
	case m.Raw == nil:
		return nil
	case m.SSL2 || m.Content == iana.ContentHandshake:
		return field.Handshake(m.Raw, field.Context{
			Version: s.Version, Suite: s.Suite, From: m.From, Retry: m.Name == "HelloRetryRequest", SSL2: m.SSL2,
		})
	case m.Content == iana.ContentAlert:
		return field.Alert(m.Raw)
	case m.Content == iana.ContentChangeCipherSpec:
		return field.ChangeCipherSpec(m.Raw)
	}
	return nil
}

// Chain gives the certificates of a Certificate message, the side's own first; nil
// if it has none, or none that can be read.
func (s *Story) Chain(m *Message) (chain [][]byte) {
	if m.Content != iana.ContentHandshake || len(m.Raw) < 4 || m.Cut {
		return nil
	}
	body := m.Raw[4:]
	switch m.Type {
	case iana.MsgCompressedCertificate:
		packed, err := wire.ParseCompressedCertificate(body)
		if err != nil || packed.UncompressedLength > mostRaw {
			return nil
		}
		a := compress.Of(compress.All(), packed.Algorithm)
		if a == nil {
			return nil
		}
		body = make([]byte, packed.UncompressedLength)
		if a.Decompress(body, packed.Compressed) != nil {
			return nil
		}
	case iana.MsgCertificate:
	default:
		return nil
	}
	if s.Version == iana.TLS13 || isDraft(s.Version) {
		c, err := wire.ParseCertificate13(body)
		if err == nil {
			for der := range c.Entries() {
				chain = append(chain, der)
			}
		}
		return chain
	}
	if c, err := wire.ParseCertificate12(body); err == nil {
		for der := range c.All() {
			chain = append(chain, der)
		}
	}
	return chain
}

// Shown gives the certificates that a side has shown last; nil if it has shown
// none, or they are encrypted.
func (s *Story) Shown(by trace.Side) (chain [][]byte) {
	for _, m := range s.Messages {
		if c := s.Chain(m); m.From == by && c != nil {
			chain = c
		}
	}
	return chain
}

package ech

import (
	"bytes"
	"crypto/hpke"
	"fmt"
	"slices"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// Sealer is the sending end of a client's encryption.
type Sealer struct {
	PublicName string
	id         uint8
	maxName    int
	suite      wire.HPKESuite
	enc        []byte
	sender     *hpke.Sender
}

// Known reports whether the KEM is.
func Known(kem uint16) bool {
	_, err := hpke.NewKEM(kem)
	return err == nil
}

// Suite gives the first suite of the configuration that is known.
func Suite(c *wire.ECHConfigContents) (wire.HPKESuite, bool) {
	for s := range c.Suites.All() {
		if _, _, err := algorithms(s); err == nil {
			return s, true
		}
	}
	return wire.HPKESuite{}, false
}

// NewSealer begins to encrypt with a configuration and one of its suites. The
// error says that its public key is none. RFC 9849, section 6.1.
func NewSealer(config []byte, c *wire.ECHConfigContents, suite wire.HPKESuite) (*Sealer, error) {
	kem, err := hpke.NewKEM(c.KEM)
	if err != nil {
		return nil, err
	}
	public, err := kem.NewPublicKey(c.PublicKey)
	if err != nil {
		return nil, err
	}
	kdf, aead, err := algorithms(suite)
	if err != nil {
		return nil, err
	}
	s := &Sealer{PublicName: string(c.PublicName), id: c.ConfigID, maxName: int(c.MaximumNameLength), suite: suite}
	s.enc, s.sender, err = hpke.NewSender(public, kdf, aead, info(config))
	return s, err
}

// Encrypt seals a ClientHelloInner into a ClientHelloOuter, both with their
// headers, and gives both as they are to be used: the extensions of the inner
// one in the order that the server will give them. fill is called with it to
// fill in its binders. last is appended to the outer one; again is set for the
// hellos that follow a HelloRetryRequest. RFC 9849, sections 6.1 and 6.1.5.
func (s *Sealer) Encrypt(inner, outer []byte, name string, fill func([]byte), last wire.Extensions, again bool) (in, out []byte, err error) {
	i, err := wire.ParseClientHello(inner[wire.HeaderLen:])
	if err != nil {
		return nil, nil, err
	}
	o, err := wire.ParseClientHello(outer[wire.HeaderLen:])
	if err != nil {
		return nil, nil, err
	}
	shared := share(i.Extensions, o.Extensions)
	i.Extensions = arrange(i.Extensions, o.Extensions, shared)
	in = i.Append(nil)
	fill(in)
	if i, err = wire.ParseClientHello(in[wire.HeaderLen:]); err != nil {
		return nil, nil, err
	}
	out, err = s.seal(o, last, s.encode(i, name, shared), again)
	return in, out, err
}

// share gives the extensions that stand in the ClientHelloOuter as they are in
// the ClientHelloInner, in the order of the outer one: they need not be
// encrypted.
func share(inner, outer wire.Extensions) (types []iana.ExtensionType) {
	for t, body := range outer.All() {
		if same, ok := inner.Get(t); ok && mayShare(t) && bytes.Equal(same, body) && len(types) < maxReferred {
			types = append(types, t)
		}
	}
	return types
}

// arrange puts the extensions of the ClientHelloInner in order: those of its
// own, those that are shared, and pre_shared_key at the end.
func arrange(inner, outer wire.Extensions, shared []iana.ExtensionType) (b wire.Extensions) {
	for t, body := range inner.All() {
		if t != iana.ExtPreSharedKey && !slices.Contains(shared, t) {
			b = wire.AppendExtension(b, t, body)
		}
	}
	for _, t := range shared {
		body, _ := outer.Get(t)
		b = wire.AppendExtension(b, t, body)
	}
	if body, ok := inner.Get(iana.ExtPreSharedKey); ok {
		b = wire.AppendExtension(b, iana.ExtPreSharedKey, body)
	}
	return b
}

// compress puts ech_outer_extensions in the place of the extensions that are
// shared, which follow each other.
func compress(inner wire.Extensions, shared []iana.ExtensionType) (b wire.Extensions) {
	for t, body := range inner.All() {
		switch {
		case !slices.Contains(shared, t):
			b = wire.AppendExtension(b, t, body)
		case t == shared[0]:
			b = wire.AppendECHOuterExtensions(b, shared)
		}
	}
	return b
}

// maxReferred is how many extensions ech_outer_extensions has room for.
const maxReferred = 127

// mayShare reports whether it may be known that both hellos have the same. That
// the two names are the same one may not.
func mayShare(t iana.ExtensionType) bool {
	return t != iana.ExtServerName && t != iana.ExtEncryptedClientHello && t != iana.ExtPreSharedKey
}

// encode gives the EncodedClientHelloInner, padded so that its length does not
// tell that of the name. RFC 9849, sections 5.1 and 6.1.3.
func (s *Sealer) encode(inner wire.ClientHello, name string, shared []iana.ExtensionType) []byte {
	inner.SessionID, inner.Extensions = nil, compress(inner.Extensions, shared)
	b := inner.Append(nil)[wire.HeaderLen:]
	padding := s.maxName + 9 // what the extension for a name would take
	if name != "" {
		padding = max(0, s.maxName-len(name))
	}
	n := len(b) + padding
	return append(b, make([]byte, padding+31-(n-1)%32)...)
}

// seal writes the ClientHelloOuter. RFC 9849, section 6.1.1.
func (s *Sealer) seal(outer wire.ClientHello, last wire.Extensions, encoded []byte, again bool) ([]byte, error) {
	e := wire.EncryptedClientHello{
		KDF: s.suite.KDF, AEAD: s.suite.AEAD, ConfigID: s.id, Enc: s.enc,
		Payload: make([]byte, len(encoded)+overhead),
	}
	if again {
		e.Enc = nil
	}
	outer.Extensions = append(e.Append(slices.Clip(outer.Extensions)), last...)
	b := outer.Append(nil)
	payload, err := s.sender.Seal(b[wire.HeaderLen:], encoded)
	if err != nil {
		return nil, err
	}
	if len(payload) != len(e.Payload) {
		return nil, fmt.Errorf("ech: %d bytes were sealed to %d", len(encoded), len(payload))
	}
	from, _ := payloadAt(b, outer.Extensions, len(payload))
	copy(b[from:], payload)
	return b, nil
}

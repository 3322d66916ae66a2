// Package ech is Encrypted Client Hello without the handshake around it: keys,
// how a ClientHelloInner is encoded, encrypted and put into a ClientHelloOuter,
// and the way back. RFC 9849.
//
// Its keys are those of HPKE (RFC 9180), from crypto/hpke, which takes its
// randomness from the system.
package ech

import (
	"bytes"
	"crypto/hpke"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// overhead is by how many bytes each AEAD of HPKE lengthens what it seals. RFC
// 9180, section 7.3.
const overhead = 16

// info is what an HPKE context is bound to. RFC 9849, section 6.1.
func info(config []byte) []byte { return append([]byte("tls ech\x00"), config...) }

// algorithms gives the functions of a suite.
func algorithms(s wire.HPKESuite) (hpke.KDF, hpke.AEAD, error) {
	kdf, err := hpke.NewKDF(s.KDF)
	if err != nil {
		return nil, nil, err
	}
	if s.AEAD == hpke.ExportOnly().ID() {
		return nil, nil, errNoAEAD
	}
	aead, err := hpke.NewAEAD(s.AEAD)
	return kdf, aead, err
}

// Parse reads encrypted_client_hello of a ClientHello.
func Parse(body []byte) (wire.EncryptedClientHello, error) {
	if len(body) > 0 && body[0] > 1 {
		return wire.EncryptedClientHello{}, fault.With(fault.ExtensionValue, "%v is neither outer nor inner", iana.ExtEncryptedClientHello)
	}
	return wire.ParseEncryptedClientHello(body)
}

// payloadAt gives where the payload lies in a ClientHelloOuter without its
// header: encrypted_client_hello ends with it.
func payloadAt(outer []byte, block wire.Extensions, n int) (from, to int) {
	to = len(outer) - len(block) + block.End(iana.ExtEncryptedClientHello)
	return to - n, to
}

// authenticated gives the ClientHelloOuterAAD: the ClientHelloOuter, without its
// header, with zeros for the payload. RFC 9849, section 5.2.
func authenticated(outer []byte, from, to int) []byte {
	aad := bytes.Clone(outer)
	clear(aad[from:to])
	return aad
}

// Decode makes the ClientHelloInner of its encoded form and of the
// ClientHelloOuter it came in. The result has a header. RFC 9849, section 5.1.
func Decode(encoded []byte, outer *wire.ClientHello) ([]byte, error) {
	inner, zeros, err := wire.ParseEncodedClientHelloInner(encoded)
	switch {
	case err != nil:
		return nil, fault.With(fault.ECHInnerForm, "%w", err)
	case len(inner.SessionID) > 0:
		return nil, fault.With(fault.ECHInnerForm, "legacy_session_id is not empty")
	case len(bytes.TrimLeft(zeros, "\x00")) > 0:
		return nil, fault.With(fault.ECHInnerForm, "the padding is not zero")
	}
	inner.SessionID = outer.SessionID
	b, block := inner.Open(make([]byte, 0, len(encoded)+len(outer.Extensions)))
	referred := false
	for rest := inner.Extensions; len(rest) > 0; {
		var t iana.ExtensionType
		var body []byte
		if t, body, rest = rest.Next(); t != iana.ExtECHOuterExtensions {
			b = wire.AppendExtension(b, t, body)
			continue
		}
		if referred {
			return nil, fault.With(fault.ECHOuterExtension, "%v stands there twice", t)
		}
		referred = true
		if b, err = appendReferred(b, body, outer.Extensions); err != nil {
			return nil, err
		}
	}
	return block.Close(b), nil
}

// appendReferred appends the extensions of the ClientHelloOuter that
// ech_outer_extensions refers to. It looks at each of those once, so that what
// a client can have made of a few bytes is limited. RFC 9849, appendix A.
func appendReferred(b, body []byte, outer wire.Extensions) ([]byte, error) {
	types, err := wire.ParseECHOuterExtensions(body)
	if err != nil {
		return nil, fault.With(fault.ECHOuterExtension, "%w", err)
	}
	for i := range types.Len() {
		want := types.At(i)
		if want == iana.ExtEncryptedClientHello || want == iana.ExtECHOuterExtensions {
			return nil, fault.With(fault.ECHOuterExtension, "%v", want)
		}
		for found := false; !found; {
			if len(outer) == 0 {
				return nil, fault.With(fault.ECHOuterExtension, "%v is not in the outer ClientHello, or not in this order", want)
			}
			var t iana.ExtensionType
			var content []byte
			if t, content, outer = outer.Next(); t == want {
				b, found = wire.AppendExtension(b, t, content), true
			}
		}
	}
	return b, nil
}

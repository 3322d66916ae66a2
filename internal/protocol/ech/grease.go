package ech

import (
	"crypto/ecdh"
	"crypto/hpke"
	"encoding/binary"
	"io"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// Grease gives encrypted_client_hello of a client that has no configuration: to
// a network, and to the server, it looks like a ClientHello encrypted with one.
// RFC 9849, section 6.2.1.
func Grease(rand io.Reader) (wire.Extensions, error) {
	var random [2]byte
	if _, err := io.ReadFull(rand, random[:]); err != nil {
		return nil, err
	}
	key, err := ecdh.X25519().GenerateKey(rand)
	if err != nil {
		return nil, err
	}
	// What is usual: 128 to 224 bytes of a ClientHelloInner without what it
	// shares with the outer one.
	payload := make([]byte, 128+32*int(random[1]%4)+overhead)
	if _, err := io.ReadFull(rand, payload); err != nil {
		return nil, err
	}
	e := wire.EncryptedClientHello{
		KDF: hpke.HKDFSHA256().ID(), AEAD: hpke.AES128GCM().ID(), ConfigID: random[0],
		Enc: key.PublicKey().Bytes(), Payload: payload,
	}
	return e.Append(nil), nil
}

// GreasePSK gives pre_shared_key of a ClientHelloOuter, which looks like that
// of the ClientHelloInner and offers nothing: all but the lengths is random.
// RFC 9849, section 6.1.2.
func GreasePSK(rand io.Reader, inner []byte) (wire.Extensions, error) {
	b := make([]byte, len(inner))
	if _, err := io.ReadFull(rand, b); err != nil {
		return nil, err
	}
	keep := func(at, n int) int { // the length that stands there
		copy(b[at:at+n], inner[at:])
		return int(binary.BigEndian.Uint16(append(make([]byte, 2-n, 2), inner[at:at+n]...)))
	}
	at, end := 2, 2+keep(0, 2)
	for at < end {
		at += 2 + keep(at, 2) + 4 // an identity and its age
	}
	keep(at, 2)
	for at += 2; at < len(inner); {
		at += 1 + keep(at, 1) // a binder
	}
	return wire.AppendExtension(nil, iana.ExtPreSharedKey, b), nil
}

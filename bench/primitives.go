package bench

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/mlkem"
	"crypto/rand"
	"crypto/sha256"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/kex"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
)

// A primitive is an operation that a handshake cannot do without.
type primitive struct {
	name string
	do   func() error
}

// primitives are those of a server with a P-256 certificate: in the standard
// library and, where it is another implementation, in this project.
func primitives() ([]primitive, error) {
	key := chain().Key.(*ecdsa.PrivateKey)
	digest := sha256.Sum256([]byte("what is signed"))
	peer, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	decapsulation, err := mlkem.GenerateKey768()
	if err != nil {
		return nil, err
	}
	encapsulation := decapsulation.EncapsulationKey().Bytes()
	hybrid := append(append([]byte(nil), encapsulation...), peer.PublicKey().Bytes()...)
	signature, err := newSignature()
	if err != nil {
		return nil, err
	}
	x25519 := func() error {
		k, err := ecdh.X25519().GenerateKey(rand.Reader)
		if err != nil {
			return err
		}
		k.PublicKey().Bytes()
		remote, err := ecdh.X25519().NewPublicKey(peer.PublicKey().Bytes())
		if err != nil {
			return err
		}
		_, err = k.ECDH(remote)
		return err
	}
	encapsulate := func() error {
		k, err := mlkem.NewEncapsulationKey768(encapsulation)
		if err != nil {
			return err
		}
		k.Encapsulate()
		return nil
	}
	respond := func(g iana.Group, share []byte) func() error {
		return func() error {
			_, _, err := kex.Respond(g, rand.Reader, share, nil, nil)
			return err
		}
	}
	return []primitive{
		{"ECDSA P-256 signature: crypto/ecdsa", func() error { _, err := key.Sign(rand.Reader, digest[:], nil); return err }},
		{"ECDSA P-256 signature: sign", signature},
		{"X25519 key and secret: crypto/ecdh", x25519},
		{"X25519 key and secret: kex", respond(iana.X25519, peer.PublicKey().Bytes())},
		{"ML-KEM-768 encapsulation: crypto/mlkem", encapsulate},
		{"X25519MLKEM768 share and secret: kex", respond(iana.X25519MLKEM768, hybrid)},
	}, nil
}

// newSignature gives what makes the signature of a handshake.
func newSignature() (func() error, error) {
	key, content := chain().Key, make([]byte, 130)
	do := func() error {
		_, err := sign.Sign(iana.ECDSASecp256r1SHA256, key, rand.Reader, content)
		return err
	}
	return do, do()
}

// perSlice is how often a primitive runs in a turn.
const perSlice = 100

func (p primitive) contender() contender {
	return contender{p.name, func() (time.Duration, error) {
		start := time.Now()
		for range perSlice {
			if err := p.do(); err != nil {
				return 0, err
			}
		}
		return time.Since(start) / perSlice, nil
	}}
}

package engine_test

import (
	"bytes"
	"crypto/hpke"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/ech"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// open decrypts a ClientHelloOuter, as the server in front of others does; the
// second one with what opened the first.
func open(t *testing.T, outer []byte, keys *ech.Keys, opened *ech.Opened) ([]byte, *ech.Opened) {
	t.Helper()
	if opened != nil {
		inner, err := opened.Again(outer[wire.HeaderLen:])
		if err != nil {
			t.Error(err)
		}
		return inner, opened
	}
	o, err := negotiate.ReadOffer(outer[wire.HeaderLen:])
	if err != nil {
		t.Error(err)
		return outer, nil
	}
	opened, encoded := negotiate.ECHKey(&o, outer[wire.HeaderLen:], keys, nil)
	if opened == nil {
		t.Error("no key opens it")
		return outer, nil
	}
	inner, err := ech.Decode(encoded, &o.Hello)
	if err != nil {
		t.Error(err)
	}
	return inner, opened
}

// A forger encrypts whatever it likes with a configuration, by crypto/hpke
// alone: first what comes in place of a client's first hello, then what follows
// a HelloRetryRequest.
type forger struct {
	key    tlstest.ECHKey
	sender *hpke.Sender

	encode func(n int, inner, outer *wire.ClientHello) []byte // nil: EncodedClientHelloInner without compression or padding
	hello  func(n int, e *wire.EncryptedClientHello, outer *wire.ClientHello)
}

// forge replaces the ClientHellos of a client that encrypts nothing.
func (f *forger) forge() func(piece) pieces {
	n := -1
	f.sender = nil
	return func(p piece) pieces {
		if p.Is(iana.MsgServerHello) && n == 0 {
			return serverHello(func(m *wire.ServerHello) { // which the client does not expect
				m.Extensions = without(m.Extensions, iana.ExtEncryptedClientHello)
			})(p)
		}
		if !p.Is(iana.MsgClientHello) {
			return pieces{p}
		}
		n++
		outer, err := wire.ParseClientHello(bytes.Clone(p.Bytes[wire.HeaderLen:]))
		if err != nil {
			panic(err)
		}
		inner := outer
		inner.SessionID = nil
		inner.Random = bytes.Repeat([]byte{byte(0x30)}, 32)
		inner.Extensions = nil
		for t, body := range outer.Extensions.All() {
			switch t {
			case iana.ExtSupportedVersions:
				inner.Extensions = wire.AppendSupportedVersionsClient(inner.Extensions, []iana.Version{iana.TLS13})
			case iana.ExtRenegotiationInfo, iana.ExtExtendedMasterSecret, iana.ExtEncryptThenMAC, iana.ExtSessionTicket, iana.ExtECPointFormats:
			default:
				inner.Extensions = wire.AppendExtension(inner.Extensions, t, body)
			}
		}
		inner.Extensions = (&wire.EncryptedClientHello{Inner: true}).Append(inner.Extensions)
		encoded := []byte(nil)
		if f.encode != nil {
			encoded = f.encode(n, &inner, &outer)
		}
		if encoded == nil {
			encoded = inner.Append(nil)[wire.HeaderLen:]
		}
		return as(p, f.seal(n, encoded, &outer))
	}
}

func (f *forger) seal(n int, encoded []byte, outer *wire.ClientHello) []byte {
	c, err := wire.ParseECHConfig(f.key.Config)
	if err != nil {
		panic(err)
	}
	e := wire.EncryptedClientHello{KDF: 1, AEAD: 1, ConfigID: c.ConfigID}
	if f.sender == nil {
		kem, _ := hpke.NewKEM(c.KEM)
		public, err := kem.NewPublicKey(c.PublicKey)
		if err != nil {
			panic(err)
		}
		if e.Enc, f.sender, err = hpke.NewSender(public, hpke.HKDFSHA256(), hpke.AES128GCM(), append([]byte("tls ech\x00"), f.key.Config...)); err != nil {
			panic(err)
		}
	}
	e.Payload = make([]byte, len(encoded)+16)
	without := outer.Extensions
	write := func() []byte {
		outer.Extensions = e.Append(bytes.Clone(without))
		return outer.Append(nil)
	}
	if e.Payload, err = f.sender.Seal(write()[wire.HeaderLen:], encoded); err != nil {
		panic(err)
	}
	if f.hello != nil {
		f.hello(n, &e, outer)
		if outer.Extensions == nil { // it wants none
			outer.Extensions = without
			return outer.Append(nil)
		}
	}
	return write()
}

package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func clientHelloCodec() codec[ClientHello] {
	c := ofMessage(iana.MsgClientHello, ParseClientHello, func(m ClientHello) []byte { return m.Append(nil) }, []string{
		"0303 aa*32 00 0002 1301 01 00",
		"0303 aa*32 00 0002 1301 01 00 0000",
		"0303 aa*32 00 0002 1301 01 00 0009 0017 0000 ff01 0001 00",
		"0301 aa*32 20 bb*32 0006 0a0a c02f 00ff 02 01 00 0005 0023 0001 77",
	},
		bad{"0303 aa*31", "random", 2},
		bad{"0303 aa*32 21 bb*33 0002 1301 01 00", "legacy_session_id", 34},
		bad{"0303 aa*32 00 0000 01 00", "cipher_suites", 35},
		bad{"0303 aa*32 00 0003 130113 01 00", "cipher_suites", 35},
		bad{"0303 aa*32 00 0002 1301 00", "legacy_compression_methods", 39},
		bad{"0303 aa*32 00 0002 1301 01 00 00", "extensions", 41},
		bad{"0303 aa*32 00 0002 1301 01 00 0001", "extensions", 41},
		bad{"0303 aa*32 00 0002 1301 01 00 0000 00", "end", 43},
		bad{"0303 aa*32 00 0002 1301 01 00 0004 0017 0001", "extensions", 41},
		bad{"0303 aa*32 00 0002 1301 01 00 0003 0017 00", "extensions", 41})
	c.prefixes = true
	return c
}

func TestClientHello(t *testing.T) { clientHelloCodec().test(t) }

func FuzzClientHello(f *testing.F) { clientHelloCodec().fuzz(f) }

// RFC 5246, section 7.4.1.2: a hello has a block of extensions or ends before
// it. The two forms are told apart.
func TestClientHelloBlock(t *testing.T) {
	for _, c := range []struct {
		block string
		has   bool
	}{{"", false}, {"0000", true}, {"0004 0017 0000", true}} {
		m, err := ParseClientHello(unhex("0303 aa*32 00 0002 1301 01 00 " + c.block))
		if err != nil || m.HasBlock != c.has {
			t.Errorf("block %q: %v, %v", c.block, m.HasBlock, err)
		}
	}
	m := ClientHello{Version: iana.TLS12, Random: make([]byte, 32), CipherSuites: NewList([]iana.Suite{iana.TLS_AES_128_GCM_SHA256}), Compression: []byte{0}}
	b, block := m.Open(nil)
	if m, err := ParseClientHello(block.CloseHello(b)[HeaderLen:]); err != nil || m.HasBlock {
		t.Errorf("a hello without extensions has a block: %v", err)
	}
	b, block = m.Open(nil)
	if m, err := ParseClientHello(block.Close(b)[HeaderLen:]); err != nil || !m.HasBlock {
		t.Errorf("a hello with an empty block has none: %v", err)
	}
}

// browserHello is a ClientHello as browsers send it.
func browserHello() []byte {
	m := ClientHello{
		Version: iana.TLS12, Random: make([]byte, 32), SessionID: make([]byte, 32), Compression: []byte{0},
		CipherSuites: NewList([]iana.Suite{
			0x1a1a, iana.TLS_AES_128_GCM_SHA256, iana.TLS_AES_256_GCM_SHA384, iana.TLS_CHACHA20_POLY1305_SHA256,
			iana.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, iana.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, iana.TLS_RSA_WITH_AES_128_CBC_SHA,
		}),
	}
	b, block := m.Open(nil)
	b = AppendExtension(b, 0x2a2a, nil)
	b = AppendServerNameClient(b, "example.com")
	b = AppendExtension(b, iana.ExtExtendedMasterSecret, nil)
	b = AppendRenegotiationInfo(b, nil)
	b = AppendSupportedGroups(b, []iana.Group{0x3a3a, iana.X25519MLKEM768, iana.X25519, iana.Secp256r1})
	b = AppendECPointFormats(b)
	b = AppendSessionTicket(b, nil)
	b = AppendALPN(b, "h2", "http/1.1")
	b = AppendStatusRequest(b)
	b = AppendSignatureAlgorithms(b, []iana.SignatureScheme{iana.ECDSASecp256r1SHA256, iana.RSAPSSRSAESHA256})
	b = AppendExtension(b, iana.ExtSCT, nil)
	b, shares := OpenKeyShareClient(b)
	for g, n := range map[iana.Group]int{iana.X25519MLKEM768: 1216, iana.X25519: 32} {
		var share Mark
		b, share = OpenKeyShare(b, g)
		b = share.Close(append(b, make([]byte, n)...))
	}
	b = shares.Close(b)
	b = AppendPSKKeyExchangeModes(b, iana.PSKModeDHEKE)
	b = AppendSupportedVersionsClient(b, []iana.Version{0x4a4a, iana.TLS13, iana.TLS12})
	b = AppendCompressCertificate(b, []iana.CertificateCompression{iana.CertificateBrotli})
	return block.Close(b)[HeaderLen:]
}

// readHello reads all of a hello that every server reads.
func readHello(body []byte) error {
	m, err := ParseClientHello(body)
	if err != nil {
		return err
	}
	if _, twice := m.Extensions.Duplicate(); twice {
		return err
	}
	for t, b := range m.Extensions.All() {
		switch t {
		case iana.ExtServerName:
			_, err = ParseServerNameClient(b)
		case iana.ExtSupportedGroups:
			_, err = ParseSupportedGroups(b)
		case iana.ExtALPN:
			_, err = ParseALPN(b)
		case iana.ExtSignatureAlgorithms:
			_, err = ParseSignatureAlgorithms(b)
		case iana.ExtKeyShare:
			_, err = ParseKeyShareClient(b)
		case iana.ExtSupportedVersions:
			_, err = ParseSupportedVersionsClient(b)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func TestReadingAHelloAllocatesNothing(t *testing.T) {
	body := browserHello()
	if n := testing.AllocsPerRun(100, func() {
		if err := readHello(body); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkParseClientHello(b *testing.B) {
	body := browserHello()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseClientHello(body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadHello(b *testing.B) {
	body := browserHello()
	b.ReportAllocs()
	for b.Loop() {
		if err := readHello(body); err != nil {
			b.Fatal(err)
		}
	}
}

package engine_test

import (
	"crypto/x509"
	"fmt"
	"sync"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/compress"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// wordy is a credential that becomes smaller by any algorithm.
var wordy = sync.OnceValue(func() *sign.Credential {
	key := tlstest.NewKey("P-256")
	chain := tlstest.NewAuthority("intermediate", tlstest.Root()).Leaf(key, []string{"a.example"}, func(c *x509.Certificate) {
		for i := range 20 {
			c.DNSNames = append(c.DNSNames, fmt.Sprintf("%d.a.example", i))
		}
	})
	c, err := sign.NewCredential(chain, nil, key, sign.Extra{})
	if err != nil {
		panic(err)
	}
	return c
})

// compressed lets both sides compress and decompress.
func compressed(client, server *tlstest.Host) {
	client.Credential, server.Credential = wordy(), wordy()
	for _, h := range []*tlstest.Host{client, server} {
		h.Config.Compress, h.Config.Decompress = compress.All(), compress.All()
	}
}

// compressionAttacks are on compressed certificates.
func compressionAttacks() []attack {
	both := hosts13("P-256", wantsClient, compressed)
	type cc = wire.CompressedCertificate
	shown := func(change func(*cc)) func(piece) pieces {
		return first(iana.MsgCompressedCertificate, func(p piece) pieces {
			m, err := wire.ParseCompressedCertificate(p.Bytes[wire.HeaderLen:])
			if err != nil {
				panic(err)
			}
			change(&m)
			return as(p, m.Append(nil))
		})
	}
	garbage := func(m *cc) { m.Compressed = []byte("garbage") }
	// The client, or the server, asks for nothing, and gets a message that only
	// an answer could be.
	unasked := func(p piece) pieces {
		m := cc{Algorithm: iana.CertificateZlib, UncompressedLength: 10, Compressed: compress.Zlib.Compress(make([]byte, 10))}
		return as(p, m.Append(nil))
	}
	list := func(b ...byte) func(piece) pieces {
		return clientHello(func(m *wire.ClientHello) { m.Extensions = set(m.Extensions, iana.ExtCompressCertificate, b...) })
	}
	return []attack{
		{code: fault.CompressionUnknown, name: "server", at: atClient, hosts: both, alter: shown(func(m *cc) { m.Algorithm = 4 })},
		{code: fault.CompressionUnknown, name: "client", at: atServer, hosts: both, alter: shown(func(m *cc) { m.Algorithm = 0xff01 })},
		{code: fault.DecompressionFailed, name: "longer than announced", at: atClient, hosts: both, alter: shown(func(m *cc) { m.UncompressedLength-- })},
		{code: fault.DecompressionFailed, name: "shorter than announced", at: atServer, hosts: both, alter: shown(func(m *cc) { m.UncompressedLength++ })},
		{code: fault.DecompressionFailed, name: "garbage", at: atClient, hosts: both, alter: shown(garbage)},
		{code: fault.DecompressionFailed, name: "a bomb", at: atServer, hosts: both, alter: shown(func(m *cc) {
			m.Algorithm, m.UncompressedLength, m.Compressed = iana.CertificateZlib, 1<<17, compress.Zlib.Compress(make([]byte, 8<<20))
		})},
		{code: fault.DecompressedTooLong, at: atClient, hosts: both, alter: shown(func(m *cc) { m.UncompressedLength = 1<<17 + 1 })},
		{code: fault.MessageTooLong, name: "a limit of this side", at: atClient, hosts: hosts13("P-256", func(c, _ *tlstest.Host) { c.Config.MaxCertificate = 100 })},
		{code: fault.DecompressedTooLong, name: "a limit of this side", at: atClient, hosts: hosts13("P-256", wantsClient, compressed, func(c, s *tlstest.Host) {
			c.Config.MaxCertificate = len(s.Credential.List13(false, false))
		})},
		{code: fault.DecodeError, name: "CompressedCertificate", at: atClient, hosts: both, alter: body(iana.MsgCompressedCertificate, 0, 1, 0)},
		{code: fault.UnexpectedMessage, name: "compressed, not asked for", at: atClient, alter: first(iana.MsgCertificate, unasked)},
		{code: fault.UnexpectedMessage, name: "compressed by a client, not asked for", at: atServer, hosts: hosts13("P-256", wantsClient),
			alter: first(iana.MsgCertificate, unasked)},
		{code: fault.ExtensionValue, name: "an algorithm twice", at: atServer, hosts: both, alter: list(4, 0, 1, 0, 1)},
		{code: fault.ExtensionForm, name: "no algorithm", at: atServer, hosts: both, alter: list(0)},
	}
}

// TestCompression compresses the certificates of both sides once they were used
// before, with what this side likes best of what the other can.
func TestCompression(t *testing.T) {
	for _, a := range compress.All() {
		client, server := hosts13("P-256", wantsClient, compressed)(t)
		client.Config.Decompress, server.Config.Decompress = []*compress.Algorithm{a}, []*compress.Algorithm{a}
		for i, after := range []int{0, 0, 1} {
			client.Config.CompressAfter, server.Config.CompressAfter = after, after
			p := run(t, client, server, 0)
			for side, c := range map[trace.Side]interface{ Record() *trace.Record }{trace.Client: p.Client, trace.Server: p.Server} {
				if got := sentCompressed(c.Record()); !got {
					t.Errorf("%v, handshake %d: the %v did not compress its certificate", a.ID, i, side)
				}
				if got := chosen(c.Record(), trace.Compression); got != uint16(a.ID) {
					t.Errorf("the %v chose %v", side, got)
				}
			}
		}
	}
}

func sentCompressed(r *trace.Record) bool {
	for _, s := range r.Steps {
		if s.Kind == trace.Sent && s.Name == iana.MsgCompressedCertificate.String() {
			return true
		}
	}
	return false
}

func chosen(r *trace.Record, topic trace.Topic) uint16 {
	for _, c := range r.Choices {
		if c.Topic == topic && c.Made {
			return c.Chosen
		}
	}
	return 0
}

// A certificate that is used for the first time is not worth it, and TLS 1.2
// knows nothing of it.
func TestNoCompression(t *testing.T) {
	for _, v := range bothVersions {
		client, server := hostsOf(v, "P-256")
		compressed(client, server)
		show(server, tlstest.Root(), nil)
		server.Config.CompressAfter = 1
		if v < iana.TLS13 {
			server.Config.CompressAfter = 0
		}
		if p := run(t, client, server, 0); sentCompressed(p.Server.Record()) {
			t.Errorf("%v: it was compressed", v)
		}
	}
}

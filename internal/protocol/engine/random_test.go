package engine_test

import (
	"crypto/rand"
	"errors"
	"io"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// dry is a source of randomness that fails once it is told to.
type dry struct{ failed error }

func (d *dry) Read(b []byte) (int, error) {
	if d.failed != nil {
		return 0, d.failed
	}
	return rand.Read(b)
}

// TestNoRandomness has the source fail: in a handshake, and where a record needs
// an initialization vector. Nothing is sent without one.
func TestNoRandomness(t *testing.T) {
	failed := errors.New("the source is dry")
	for _, complete := range []bool{true, false} {
		source := new(dry)
		client, server := hostsOf(iana.TLS12, "P-256")
		client.Config.Policy = only(iana.TLS12, iana.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, iana.X25519)
		server.Config.Rand = io.Reader(source)
		if !complete {
			source.failed = failed
			m := through(t, client, server, new(tlstest.Middle))
			m.Run()
			if err := m.Server.Err(); !isFault(err, fault.Internal) || !errors.Is(err, failed) {
				t.Error(err)
			}
			continue
		}
		p := run(t, client, server, 0)
		exchange(t, p)
		source.failed = failed
		b, err := p.Server.Seal(nil, []byte("data"))
		if !isFault(err, fault.Internal) || !errors.Is(err, failed) || len(b) != 0 {
			t.Errorf("%v, and %d bytes", err, len(b))
		}
		p.Server.Close()
		if out := p.Server.Output(); len(out) != 0 {
			t.Errorf("close_notify is %x", out)
		}
	}
}

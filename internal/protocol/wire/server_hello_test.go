package wire

import (
	"crypto/sha256"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func serverHelloCodec() codec[ServerHello] {
	c := ofMessage(iana.MsgServerHello, ParseServerHello, func(m ServerHello) []byte { return m.Append(nil) }, []string{
		"0303 aa*32 00 1301 00",
		"0303 aa*32 00 1301 00 0000",
		"0303 aa*32 00 1301 00 0006 002b 0002 0304",
		"0301 aa*32 04 01020304 002f 00",
	},
		bad{"0303 aa*32 21 bb*33 1301 00", "legacy_session_id", 34},
		bad{"0303 aa*32 00 1301 00 00", "extensions", 38},
		bad{"0303 aa*32 00 1301 00 0001", "extensions", 38},
		bad{"0303 aa*32 00 1301 00 0000 00", "end", 40})
	c.prefixes = true
	return c
}

func TestServerHello(t *testing.T) { serverHelloCodec().test(t) }

func FuzzServerHello(f *testing.F) { serverHelloCodec().fuzz(f) }

func TestIsRetry(t *testing.T) {
	if want := sha256.Sum256([]byte("HelloRetryRequest")); RetryRandom != want {
		t.Errorf("the random is %x, want %x", RetryRandom, want)
	}
	for _, c := range []struct {
		random []byte
		retry  bool
	}{{RetryRandom[:], true}, {make([]byte, 32), false}, {RetryRandom[:31], false}} {
		if m := (ServerHello{Random: c.random}); m.IsRetry() != c.retry {
			t.Errorf("%x: %v", c.random, m.IsRetry())
		}
	}
}

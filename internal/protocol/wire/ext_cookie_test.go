package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func cookieCodec() codec[[]byte] {
	return ofExtension(iana.ExtCookie, ParseCookie, func(v []byte) []byte { return AppendCookie(nil, v) }, []string{
		"0001 aa",
		"0100 aa*256",
	},
		bad{"0000", "cookie", 0},
		bad{"0002 aa", "cookie", 0})
}

func TestCookie(t *testing.T) { cookieCodec().test(t) }

func FuzzCookie(f *testing.F) { cookieCodec().fuzz(f) }

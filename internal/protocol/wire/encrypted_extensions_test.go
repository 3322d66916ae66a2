package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func encryptedExtensionsCodec() codec[EncryptedExtensions] {
	return ofMessage(iana.MsgEncryptedExtensions, ParseEncryptedExtensions, func(m EncryptedExtensions) []byte { return m.Append(nil) }, []string{
		"0000",
		"0009 0010 0005 0003 02 6832",
	},
		bad{"", "extensions", 0},
		bad{"0003 0010 00", "extensions", 0},
		bad{"0000 00", "end", 2})
}

func TestEncryptedExtensions(t *testing.T) { encryptedExtensionsCodec().test(t) }

func FuzzEncryptedExtensions(f *testing.F) { encryptedExtensionsCodec().fuzz(f) }

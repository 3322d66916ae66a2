package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func encryptedClientHelloCodec() codec[EncryptedClientHello] {
	return ofExtension(iana.ExtEncryptedClientHello, ParseEncryptedClientHello, func(e EncryptedClientHello) []byte { return e.Append(nil) }, []string{
		"01",
		"00 0001 0001 2a 0020 aa*32 0003 010203",
		"00 0001 0003 00 0000 0001 ff",
	},
		bad{"", "type", 0},
		bad{"02", "type", 0},
		bad{"01 00", "end", 1},
		bad{"00 0001 0001 2a 0000 0000", "payload", 8})
}

func TestEncryptedClientHello(t *testing.T) { encryptedClientHelloCodec().test(t) }

func FuzzEncryptedClientHello(f *testing.F) { encryptedClientHelloCodec().fuzz(f) }

func eCHRetryConfigsCodec() codec[ECHConfigs] {
	return ofExtension(iana.ExtEncryptedClientHello, ParseECHRetryConfigs, func(c ECHConfigs) []byte {
		var list ECHConfigs
		for version, contents := range c.All() {
			list = vec(u16(list, version), 2, contents)
		}
		return AppendECHRetryConfigs(nil, list)
	}, []string{
		"0004 fe0c 0000",
		"000a fe0c 0002 aabb 0000 0000",
	},
		bad{"0000", "configs", 0},
		bad{"0004 fe0c 0001", "contents", 4},
		bad{"0005 fe0c 0000 00", "version", 6})
}

func TestECHRetryConfigs(t *testing.T) { eCHRetryConfigsCodec().test(t) }

func FuzzECHRetryConfigs(f *testing.F) { eCHRetryConfigsCodec().fuzz(f) }

func eCHConfirmationCodec() codec[[]byte] {
	return ofExtension(iana.ExtEncryptedClientHello, ParseECHConfirmation, func(v []byte) []byte { return AppendECHConfirmation(nil, [8]byte(v)) }, []string{
		"0102030405060708",
	},
		bad{"01020304050607", "confirmation", 0},
		bad{"010203040506070809", "end", 8})
}

func TestECHConfirmation(t *testing.T) { eCHConfirmationCodec().test(t) }

func FuzzECHConfirmation(f *testing.F) { eCHConfirmationCodec().fuzz(f) }

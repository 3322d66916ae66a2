package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func clientKeyExchangeCodec(n int, valid []string, refused ...bad) codec[[]byte] {
	return ofMessage(iana.MsgClientKeyExchange,
		func(b []byte) ([]byte, error) { return ParseClientKeyExchange(b, n) },
		func(v []byte) []byte { return AppendClientKeyExchange(nil, n, v) }, valid, refused...)
}

func clientECDHE() codec[[]byte] {
	return clientKeyExchangeCodec(1, []string{"20 aa*32", "01 04"}, bad{"00", "exchange_keys", 0}, bad{"02 04", "exchange_keys", 0})
}

func clientRSA() codec[[]byte] {
	return clientKeyExchangeCodec(2, []string{"0100 aa*256", "0001 02"}, bad{"0000", "exchange_keys", 0}, bad{"0001 02 03", "end", 3})
}

func TestClientKeyExchange(t *testing.T) {
	clientECDHE().test(t)
	clientRSA().test(t)
}

func FuzzClientKeyExchangeECDHE(f *testing.F) { clientECDHE().fuzz(f) }
func FuzzClientKeyExchangeRSA(f *testing.F)   { clientRSA().fuzz(f) }

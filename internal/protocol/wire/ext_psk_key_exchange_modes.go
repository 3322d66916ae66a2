package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// ParsePSKKeyExchangeModes reads psk_key_exchange_modes. RFC 9846, section
// 4.3.9:
//
//	PskKeyExchangeMode ke_modes<1..255>;
func ParsePSKKeyExchangeModes(body []byte) ([]byte, error) {
	return only("psk_key_exchange_modes", body, 1, "ke_modes", 1)
}

// AppendPSKKeyExchangeModes appends the extension.
func AppendPSKKeyExchangeModes(b []byte, modes ...iana.PSKMode) []byte {
	b, m := openExtension(b, iana.ExtPSKKeyExchangeModes)
	b = append(b, byte(len(modes)))
	for _, v := range modes {
		b = append(b, byte(v))
	}
	return m.Close(b)
}

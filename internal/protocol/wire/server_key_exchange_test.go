package wire

import (
	"bytes"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// A message is built again from its parts, once with the parameters that were
// read and once with those that are written.
func ecdheCodec(scheme bool, valid []string, refused ...bad) codec[ServerKeyExchangeECDHE] {
	return ofMessage(iana.MsgServerKeyExchange,
		func(b []byte) (ServerKeyExchangeECDHE, error) { return ParseServerKeyExchangeECDHE(b, scheme) },
		func(m ServerKeyExchangeECDHE) []byte {
			params := AppendECDHEParams(nil, m.Group, m.Point)
			if !bytes.Equal(params, m.Params) {
				return params
			}
			return signed(params, scheme, m.Scheme, m.Signature)
		}, valid, refused...)
}

func dheCodec(scheme bool, valid []string, refused ...bad) codec[ServerKeyExchangeDHE] {
	return ofMessage(iana.MsgServerKeyExchange,
		func(b []byte) (ServerKeyExchangeDHE, error) { return ParseServerKeyExchangeDHE(b, scheme) },
		func(m ServerKeyExchangeDHE) []byte {
			params := AppendDHEParams(nil, m.P, m.G, m.Ys)
			if !bytes.Equal(params, m.Params) {
				return params
			}
			return signed(params, scheme, m.Scheme, m.Signature)
		}, valid, refused...)
}

// signed leaves out a scheme of 0 that was read: the encoder never writes one.
func signed(params []byte, scheme bool, s iana.SignatureScheme, signature []byte) []byte {
	if scheme && s == 0 {
		return nil
	}
	return AppendServerKeyExchange(nil, params, s, signature)
}

func ecdhe12() codec[ServerKeyExchangeECDHE] {
	return ecdheCodec(true, []string{"03 001d 20 aa*32 0403 0002 3000", "03 0017 01 04 0804 0000"},
		bad{"01 001d 20 aa*32 0403 0000", "curve_type", 0},
		bad{"03 001d 00 0403 0000", "point", 3},
		bad{"03 001d 01 04 04", "algorithm", 5},
		bad{"03 001d 01 04 0403 0003 3000", "signature", 7})
}

func ecdhe10() codec[ServerKeyExchangeECDHE] {
	return ecdheCodec(false, []string{"03 0017 01 04 0002 3000"}, bad{"03 0017 01 04 0403 0002 3000", "signature", 5})
}

func dhe12() codec[ServerKeyExchangeDHE] {
	return dheCodec(true, []string{"0002 0017 0001 02 0001 03 0401 0001 ff"},
		bad{"0000 0001 02 0001 03 0401 0000", "dh_p", 0},
		bad{"0001 17 0000 0001 03 0401 0000", "dh_g", 3},
		bad{"0001 17 0001 02 0000 0401 0000", "dh_Ys", 6})
}

func dhe10() codec[ServerKeyExchangeDHE] {
	return dheCodec(false, []string{"0002 0017 0001 02 0001 03 0001 ff"})
}

func TestServerKeyExchange(t *testing.T) {
	ecdhe12().test(t)
	ecdhe10().test(t)
	dhe12().test(t)
	dhe10().test(t)
}

func FuzzServerKeyExchangeECDHE(f *testing.F)   { ecdhe12().fuzz(f) }
func FuzzServerKeyExchangeECDHE10(f *testing.F) { ecdhe10().fuzz(f) }
func FuzzServerKeyExchangeDHE(f *testing.F)     { dhe12().fuzz(f) }
func FuzzServerKeyExchangeDHE10(f *testing.F)   { dhe10().fuzz(f) }

package wire

import (
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func certificate13Codec() codec[Certificate13] {
	return ofMessage(iana.MsgCertificate, ParseCertificate13, func(m Certificate13) []byte {
		list, mark := open(nil, 3)
		for der, exts := range m.Entries() {
			list = AppendCertificateEntry(list, der, exts)
		}
		return AppendCertificate13(nil, m.Context, mark.Close(list))
	}, []string{
		"00 000000",
		"02 c0c1 000000",
		"00 000006 000001 30 0000",
		"00 000013 000002 3000 0004 0012 0000 000003 300101 0000",
	},
		bad{"00 000005 000000 0000", "cert_data", 4},
		bad{"00 000006 000002 30 0000", "extensions", 9},
		bad{"00 000006 000004 30 0000", "cert_data", 4},
		bad{"00 000006 000001 30 0001", "extensions", 8},
		bad{"00 000000 00", "end", 4})
}

func TestCertificate13(t *testing.T) { certificate13Codec().test(t) }

func FuzzCertificate13(f *testing.F) { certificate13Codec().fuzz(f) }

func certificate12Codec() codec[Certificate12] {
	return ofMessage(iana.MsgCertificate, ParseCertificate12, func(m Certificate12) []byte {
		return AppendCertificate12(nil, AppendList(nil, 3, 3, slices.Collect(m.All())))
	}, []string{
		"000000",
		"000004 000001 30",
		"000009 000002 3000 000001 31",
	},
		bad{"000003 000000", "ASN.1Cert", 3},
		bad{"000004 000002 30", "ASN.1Cert", 3},
		bad{"000004 000001", "certificate_list", 0},
		bad{"000000 00", "end", 3})
}

func TestCertificate12(t *testing.T) { certificate12Codec().test(t) }

func FuzzCertificate12(f *testing.F) { certificate12Codec().fuzz(f) }

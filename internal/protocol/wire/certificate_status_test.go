package wire

import (
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

func certificateStatusCodec() codec[CertificateStatus] {
	return ofMessage(iana.MsgCertificateStatus, ParseCertificateStatus, func(m CertificateStatus) []byte { return m.Append(nil) }, []string{
		"01 000001 30",
	},
		bad{"02 000001 30", "status_type", 0},
		bad{"01 000000", "OCSPResponse", 1},
		bad{"01 000002 30", "OCSPResponse", 1})
}

func TestCertificateStatus(t *testing.T) { certificateStatusCodec().test(t) }

func FuzzCertificateStatus(f *testing.F) { certificateStatusCodec().fuzz(f) }
